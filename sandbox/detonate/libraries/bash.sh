printf 'name,value\nfirst,1\nsecond,2\n' >/tmp/input.txt
eval "$1"
for called in $(compgen -A function); do
  case $called in _*) continue ;; esac
  for turn in 1 2; do
    ("$called" /tmp/input.txt /tmp/output.txt report) </dev/null
  done
done
