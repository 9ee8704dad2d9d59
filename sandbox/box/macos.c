/* macos: what makes a box look like a Mac in the runs that are to be on one. What commands say lies
 * in a folder that is on their PATH only; the constants of interpreters are set by files that only
 * their environment names. What asks the kernel hears it from the recorder. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "sandbox/box/box.h"
#include "vetbox/sandbox.h"

#define FOLDER "local/opt/macos"
#define PLACE "/usr/" FOLDER

const char *const vb_macos_environment[] = {
    "PATH=" PLACE "/bin:%{home}/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "OSTYPE=darwin24",
    "MACHTYPE=x86_64-apple-darwin24",
    "TERM_PROGRAM=Apple_Terminal",
    "__CF_USER_TEXT_ENCODING=0x1F5:0x0:0x0",
    "PYTHONPATH=" PLACE "/python",
    "NODE_OPTIONS=--require=" PLACE "/node.js",
    NULL,
};

static const struct vb_system_file files[] = {
    {"bin/sw_vers", 0755,
     "#!/bin/bash\ncase \"$1\" in\n  -productName|--productName) echo macOS;;\n"
     "  -productVersion|--productVersion) echo 15.6.1;;\n"
     "  -buildVersion|--buildVersion) echo 24G90;;\n"
     "  *) printf 'ProductName:\\t\\tmacOS\\nProductVersion:\\t\\t15.6.1\\n"
     "BuildVersion:\\t\\t24G90\\n';;\nesac\n"},
    {"bin/system_profiler", 0755, "#!/bin/bash\necho 'Model Name: MacBook Pro'\n"},
    {"bin/defaults", 0755, "#!/bin/bash\n[ \"$1\" = read ] && exit 1\nexit 0\n"},
    {"bin/dscl", 0755, "#!/bin/bash\nexit 0\n"},
    {"bin/ioreg", 0755, "#!/bin/bash\nexit 0\n"},
    {"python/sitecustomize.py", 0644, "import sys\nsys.platform = 'darwin'\n"},
    /* what urllib asks on a Mac */
    {"python/_scproxy.py", 0644,
     "def _get_proxy_settings():\n    return {}\n\n\ndef _get_proxies():\n    return {}\n"},
    {"node.js", 0644, "Object.defineProperty(process, 'platform', {value: 'darwin'});\n"},
};

int vb_macos_build(int usr, struct vb_error *err)
{
    if (mkdirat(usr, "local/opt", 0755) < 0)
        return vb_fail(err, VB_E_OS, errno, "making a folder for other systems");
    return vb_system_build(usr, FOLDER, files, VB_ARRAY_LEN(files), err);
}

void vb_macos_name(struct utsname *name)
{
    snprintf(name->sysname, sizeof(name->sysname), "Darwin");
    snprintf(name->release, sizeof(name->release), "24.6.0");
    snprintf(name->version, sizeof(name->version),
             "Darwin Kernel Version 24.6.0: root:xnu-11417~1/RELEASE_X86_64");
}
