#!/usr/bin/env python3
"""Print a forecast of a few days from Open-Meteo, one line a day."""
import argparse
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

API = "https://api.open-meteo.com/v1/forecast"


def fetch(latitude, longitude, days):
    query = urllib.parse.urlencode({
        "latitude": latitude,
        "longitude": longitude,
        "daily": "temperature_2m_max,temperature_2m_min",
        "forecast_days": days,
    })
    with urllib.request.urlopen(f"{API}?{query}", timeout=5) as answer:
        return json.load(answer)["daily"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latitude", type=float, default=52.52)
    parser.add_argument("--longitude", type=float, default=13.41)
    parser.add_argument("--days", type=int, default=3)
    arguments = parser.parse_args()
    try:
        daily = fetch(arguments.latitude, arguments.longitude, arguments.days)
    except (urllib.error.URLError, TimeoutError) as why:
        print(f"the weather service cannot be reached: {why}", file=sys.stderr)
        return 1
    rows = zip(daily["time"], daily["temperature_2m_min"], daily["temperature_2m_max"])
    for day, low, high in rows:
        print(f"{day}: {low} to {high} °C")
    return 0


if __name__ == "__main__":
    sys.exit(main())
