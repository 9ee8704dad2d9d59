/* windows: what makes a box look like Windows in the runs that are to be on one, as macos.c does
 * for a Mac. A folder of the user's below C:\Users is one of the home; what a program says of its
 * own system is said by files that only the run's environment names (onwindows/). Programs for
 * Windows cannot be run: who starts one is seen to, and what the world gave him shows by its token.
 */
#include <string.h>
#include <sys/utsname.h>

#include "sandbox/box/box.h"
#include "vetbox/sandbox.h"

#include <onwindows.inc>

#define FOLDER "local/opt/windows"
#define PLACE "/usr/" FOLDER
#define PROFILE "C:\\Users\\" VB_PERSONA_USER

const char *const vb_windows_environment[] = {
    "PATH=" PLACE "/bin:%{home}/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "OS=Windows_NT",
    "OSTYPE=msys",
    "MSYSTEM=MINGW64",
    "SYSTEMDRIVE=C:",
    "SYSTEMROOT=C:\\Windows",
    "SystemRoot=C:\\Windows",
    "WINDIR=C:\\Windows",
    "COMSPEC=C:\\Windows\\system32\\cmd.exe",
    "PATHEXT=.COM;.EXE;.BAT;.CMD;.VBS;.JS;.WSF;.MSC;.PY",
    "PROCESSOR_ARCHITECTURE=AMD64",
    "NUMBER_OF_PROCESSORS=8",
    "PROGRAMFILES=C:\\Program Files",
    "PROGRAMDATA=C:\\ProgramData",
    "ALLUSERSPROFILE=C:\\ProgramData",
    "PUBLIC=C:\\Users\\Public",
    "USERPROFILE=" PROFILE,
    "HOMEDRIVE=C:",
    "HOMEPATH=\\Users\\" VB_PERSONA_USER,
    "APPDATA=" PROFILE "\\AppData\\Roaming",
    "LOCALAPPDATA=" PROFILE "\\AppData\\Local",
    "TEMP=" PROFILE "\\AppData\\Local\\Temp",
    "TMP=" PROFILE "\\AppData\\Local\\Temp",
    "TMPDIR=/tmp",
    "USERNAME=" VB_PERSONA_USER,
    "USERDOMAIN=DESKTOP-7Q4K2LM",
    "COMPUTERNAME=DESKTOP-7Q4K2LM",
    "PYTHONPATH=" PLACE "/python",
    "NODE_OPTIONS=--require=" PLACE "/node.js",
    NULL,
};

/* Starts the file or the address that its first word is, as the shell of Windows does: it cannot be
 * run here, but it is tried, and the world's token in it comes forth as if it had been. */
#define START                                                                                    \
    "#!/bin/bash\nfile=$1\nshift\n"                                                              \
    "if [ ! -f \"$file\" ]; then\n  case \"$file\" in http://*|https://*) exec xdg-open "        \
    "\"$file\";; esac\n"                                                                         \
    "  name=${file##*/}\n  name=${name%.[eE][xX][eE]}\n"                                         \
    "  [ \"$name\" != start ] && type -P -- \"$name\" >/dev/null && exec \"$name\" \"$@\"\n  "   \
    "exit 1\nfi\n"                                                                               \
    "case \"${file,,}\" in\n  *.py|*.pyw) exec python3 \"$file\" \"$@\";;\n  *.ps1) powershell " \
    "-File \"$file\" \"$@\";;\n"                                                                 \
    "  *.bat|*.cmd) cmd /c \"$file\" \"$@\";;\n  *.vbs|*.js|*.hta|*.msi|*.lnk) ;;\n"             \
    "  *) chmod u+x -- \"$file\" 2>/dev/null; \"$(realpath -- \"$file\")\" \"$@\" "              \
    "2>/dev/null;;\nesac\n"                                                                      \
    "build=$(grep -a -o -m 1 -E 'build ?= ?[0-9a-f]{32}' -- \"$file\")\n"                        \
    "[ -z \"$build\" ] || exec /usr/bin/env true \"--build=${build: -32}\"\n"

/* What fetches code and runs it at once. */
#define REMOTE                                                                                  \
    "#!/bin/bash\nfor word; do case \"$word\" in\n  *http://*|*https://*) file=$(mktemp "       \
    "/tmp/XXXXXXXX.hta)\n"                                                                      \
    "    curl -fsSL \"http${word#*http}\" -o \"$file\" && exec start \"$file\";;\nesac; done\n" \
    "for word; do file=${word%%,*}; [ -f \"$file\" ] && exec start \"$file\"; done\nexit 0\n"

/* What Windows starts by itself is a file of its own here: so a key of the registry and a task are
 * seen to be set as a file is. */
#define KEEPS(folder)                                                                            \
    "dir=\"$HOME/.config/Microsoft/Windows/" folder "\"\nmkdir -p \"$dir\"\n"                    \
    "printf '%s\\n' \"$*\" >\"$dir/${name//[^A-Za-z0-9._-]/_}\"\necho 'The operation completed " \
    "successfully.'\n"

static const struct vb_system_file files[] = {
    /* Below a user's folder, in small letters, and where that lies in the box. */
    {"places", 0644,
     "appdata/local/google/chrome/user data\t.config/google-chrome\n"
     "appdata/local/chromium/user data\t.config/chromium\n"
     "appdata/local/bravesoftware/brave-browser/user data\t.config/BraveSoftware/Brave-Browser\n"
     "appdata/local/microsoft/edge/user data\t.config/microsoft-edge\n"
     "appdata/roaming/mozilla/firefox\t.mozilla/firefox\n"
     "appdata/roaming/electrum\t.electrum\n"
     "appdata/roaming/bitcoin\t.bitcoin\n"
     "appdata/roaming/ethereum\t.ethereum\n"
     "appdata/roaming/telegram desktop\t.local/share/TelegramDesktop\n"
     "appdata/roaming/github cli\t.config/gh\n"
     "appdata/local/github-copilot\t.config/github-copilot\n"
     "appdata/local/temp\t/tmp\n"
     "appdata/local\t.local/share\n"
     "appdata/roaming\t.config\n"},
    {"python/sitecustomize.py", 0644, windows_python},
    {"node.js", 0644, windows_node},
    {"bin/start", 0755, START},
    {"bin/cmd", 0755, "#!/bin/bash\nexec /usr/local/bin/cmd \"$@\"\n"},
    {"bin/cmd.exe", 0755, "#!/bin/bash\nexec /usr/local/bin/cmd \"$@\"\n"},
    {"bin/powershell.exe", 0755, "#!/bin/bash\nexec powershell \"$@\"\n"},
    {"bin/pwsh.exe", 0755, "#!/bin/bash\nexec powershell \"$@\"\n"},
    {"bin/curl.exe", 0755, "#!/bin/bash\nexec curl \"$@\"\n"},
    {"bin/certutil.exe", 0755, "#!/bin/bash\nexec certutil \"$@\"\n"},
    {"bin/explorer", 0755, "#!/bin/bash\nexec start \"$@\"\n"},
    {"bin/mshta", 0755, REMOTE},
    {"bin/rundll32", 0755, REMOTE},
    {"bin/regsvr32", 0755, REMOTE},
    {"bin/msiexec", 0755, REMOTE},
    {"bin/wscript", 0755, REMOTE},
    {"bin/cscript", 0755, REMOTE},
    {"bin/reg", 0755,
     "#!/bin/bash\n[ \"${1,,}\" = add ] || exit 1\nkey=${2,,}\nname=Default\n"
     "for ((i = 3; i <= $#; i++)); do [ \"${!i,,}\" = /v ] && i=$((i + 1)) && name=${!i}; done\n"
     "case \"${key//\\\\//}\" in\n  */currentversion/run|*/currentversion/runonce|*/winlogon|"
     "*/policies/explorer/run|*/shell/open/command) ;;\n"
     "  *) echo 'The operation completed successfully.'; exit 0;;\nesac\n" KEEPS("Run")},
    {"bin/schtasks", 0755,
     "#!/bin/bash\nname=\nfor ((i = 1; i <= $#; i++)); do case \"${!i,,}\" in\n"
     "  /create) made=1;;\n  /tn) i=$((i + 1)); name=${!i};;\nesac; done\n"
     "[ -n \"$made\" ] || exit 0\n" KEEPS("Tasks")},
    {"bin/tasklist", 0755,
     "#!/bin/bash\nprintf '\\r\\nImage Name                     PID Session Name\\r\\n"
     "explorer.exe                  4820 Console\\r\\nchrome.exe                    9132 "
     "Console\\r\\nCode.exe                     11204 Console\\r\\n'\n"},
    {"bin/taskkill", 0755, "#!/bin/bash\nexit 0\n"},
    {"bin/attrib", 0755, "#!/bin/bash\nexit 0\n"},
    {"bin/wmic", 0755,
     "#!/bin/bash\ncase \" ${*,,} \" in\n  *uuid*) printf 'UUID  \\r\\r\\n"
     "4C4C4544-0042-4A10-8035-B7C04F4E3332\\r\\r\\n';;\n"
     "  *) printf 'Name  \\r\\r\\nDell Inc. XPS 13 9310\\r\\r\\n';;\nesac\n"},
    {"bin/systeminfo", 0755,
     "#!/bin/bash\nprintf 'Host Name:       DESKTOP-7Q4K2LM\\r\\n"
     "OS Name:         Microsoft Windows 10 Pro\\r\\n'\n"},
    {"bin/ipconfig", 0755, "#!/bin/bash\nprintf '\\r\\nWindows IP Configuration\\r\\n'\n"},
};

int vb_windows_build(int usr, struct vb_error *err)
{
    return vb_system_build(usr, FOLDER, files, VB_ARRAY_LEN(files), err);
}

/* As the shell says that comes with Git. */
void vb_windows_name(struct utsname *name)
{
    snprintf(name->sysname, sizeof(name->sysname), "MINGW64_NT-10.0-19045");
    snprintf(name->release, sizeof(name->release), "3.4.10.x86_64");
    snprintf(name->version, sizeof(name->version), "2024-02-14 20:17 UTC");
}
