# Runs code for Windows and macOS in a box, as far as it has a like here: perl -e THIS KIND -c TEXT, or
# KIND FILE WORD…, where KIND is ps (PowerShell), cmd (batch files) or osa (AppleScript). Each line becomes
# one of a shell, which is run: what downloads, runs, reads, writes and deletes is translated, what is like
# nothing here is left out: where that could have done something, wherever it stands, it is said, and the
# status is 125. Both ways of an "if" are taken. Runs in the box only, as whoever runs the package. No single
# quote: a shell script quotes it.
use strict;
my $q = chr(39);
my ($kind, @words) = @ARGV;
my $cmdlet = qr/^[A-Z][a-z]+-[A-Z][A-Za-z]+$/;
my $string = qr/"(?:[^"`]|`.)*"|$q(?:[^$q]|$q$q)*$q/s;
our $depth = 0;
# In a run that is to be on Windows there are stand-ins for its programs (sandbox/box/windows.c).
my $there = ($ENV{OS} // "") eq "Windows_NT";
my @left;
# What only looks, prints, sets up the shell itself or installs a known package does nothing of its own.
my $harmless = qr/^(?:(?:Get|Test|Select|Where|Write|Format|Out|Measure|Sort|Group|Compare|Resolve|Split|Join|Show|Read|ConvertTo|ConvertFrom|Find|Update|Push|Pop|Wait|Exit|Trace|Assert|Convert|Receive|Debug|Watch)-[A-Za-z]+|Set-(?:ExecutionPolicy|StrictMode|PSDebug|PSRepository|Variable|Location|Clipboard|Alias|PSReadLine\w+|TraceSource|PSBreakpoint|ConsoleTitle)|New-(?:Variable|TimeSpan|Guid|Object|TemporaryFile|Alias|Event|ModuleManifest|PSObject|Module|UnitTest)|Clear-(?:Host|Variable|History)|Remove-(?:Variable|Module|Alias|Job|Event|TypeData|PSBreakpoint|PSReadLine\w+)|Import-(?:Module|Csv|Clixml|LocalizedData|PowerShellDataFile|Alias)|Export-(?:Csv|Clixml|ModuleMember|Alias|FormatData)|Install-(?:Module|Package|PackageProvider|Script|PSResource)|Uninstall-(?:Module|Package|Script|PSResource)|Save-(?:Module|Help|Package|Script|PSResource)|Add-(?:Type|Member|History)|Register-(?:ArgumentCompleter|PSRepository|PackageSource|PSResourceRepository)|Unregister-(?:PSRepository|PackageSource|Event)|Stop-(?:Process|Job|Transcript)|Start-(?:Transcript|Job|ThreadJob|Sleep)|Enable-(?:ExperimentalFeature|PSBreakpoint)|Disable-PSBreakpoint|Tee-Object|ForEach-Object|Unblock-File|Invoke-(?:ScriptAnalyzer|Formatter|History)|(?:Connect|Disconnect)-(?:Az|Mg|ExchangeOnline|PnP|SPO)\w*|winget|choco|scoop|setx|taskkill|vswhere|icacls|attrib|\$PSVersionTable.*|\$(?:ErrorActionPreference|ProgressPreference).*|\$(?:\{?\w+\}?|env:\w+)(?:\.\w+)*|[}\])]+|\[(?:System\.)?(?:Net\.ServicePointManager|Console|Environment|(?:Text|IO|Collections|Globalization|Web\.HttpUtility|Xml)(?:\.[\w.]+)?|Convert|Math|Guid|Uri|Version|Runtime\.InteropServices\.(?:RuntimeInformation|OSPlatform|Architecture)|Security\.(?:Principal|Cryptography)\.\w+|Diagnostics\.Stopwatch|Enum|Array|BitConverter|TimeSpan|void|hashtable|ordered|pscustomobject|psobject|xml|regex|char|bool|byte|long|double|decimal|object|array|switch|securestring|string|int\d*|datetime|CmdletBinding|Parameter|Alias|Validate\w+|OutputType)\b[^\]]*\]+.*)$/is;
my $known = qr/^(?:(?:Down|Up)load(?:String|File|Data)(?:Async)?|FromBase64String|ToBase64String|Create|Get(?:String|Bytes|Current|FolderPath|TempPath|TempFileName|FileName\w*|DirectoryName|FullPath|EnvironmentVariables?|Type|Enumerator|HashCode|Extension|RandomFileName|RelativePath|Parent|Response\w*|Names?|Values?|Length|Elapsed|Attribute|ElementsByTagName|InvalidFileNameChars|PathRoot|CommandLineArgs|NetworkCredential)|SetEnvironmentVariable|IsInRole|IsNullOr\w+|IsMatch|IsOSPlatform|IsPathRooted|Exists|Contains\w*|StartsWith|EndsWith|Equals|Trim\w*|To(?:Lower|Upper|String|Array|Char\w+|LocalTime|UniversalTime|Int\w+|HexString|Double|Boolean|List)\w*|Split|Replace|Substring|Join|Add\w*|Append\w*|Format|(?:Try)?Parse(?:Exact)?|Combine|Write(?:Line)?|Read(?:Line|Key|ToEnd)?|Dispose|Close|Flush|Match(?:es)?|(?:Last)?IndexOf|Round|Floor|Ceiling|Max|Min|Abs|Pow|Sqrt|Truncate|Next|NewGuid|Count|Where|ForEach|Parameter|Refresh|Clear|Remove\w*|Insert|Reverse|Sort|TryGetValue|CopyTo|Pad(?:Left|Right)|Concat|Compare(?:To)?|Repeat|ComputeHash|Peek|Push|Pop|Enqueue|Dequeue|HasFlag|(?:Un)?Escape\w*|(?:Url|Html)(?:En|De)code|Sleep|WaitForExit|StartNew|Stop|Beep|SetCursorPosition|ResetColor|ChangeExtension|Select(?:SingleNode|Nodes)|CreateElement|SetAttribute|ToObject|Equals|Alias|Validate\w+|CmdletBinding|OutputType|Item)$/i;
# What statement() makes something of.
my $translated = qr/^(?:Invoke-(?:WebRequest|RestMethod|Expression|Item)|Start-(?:BitsTransfer|Process)|(?:Remove|Copy|Move|Rename|New)-Item|Set-Content|Add-Content|Clear-Content|Expand-Archive|Compress-Archive)$/i;
my $verb = qr/(?:Add|Approve|Assert|Backup|Block|Build|Checkpoint|Clear|Close|Compare|Complete|Compress|Confirm|Connect|Convert|ConvertFrom|ConvertTo|Copy|Debug|Deny|Deploy|Disable|Disconnect|Dismount|Edit|Enable|Enter|Exit|Expand|Export|Find|Format|Get|Grant|Group|Hide|Import|Initialize|Install|Invoke|Join|Limit|Lock|Measure|Merge|Mount|Move|New|Open|Optimize|Out|Ping|Pop|Protect|Publish|Push|Read|Receive|Redo|Register|Remove|Rename|Repair|Request|Reset|Resize|Resolve|Restart|Restore|Resume|Revoke|Save|Search|Select|Send|Set|Show|Skip|Split|Start|Step|Stop|Submit|Suspend|Switch|Sync|Test|Trace|Unblock|Undo|Uninstall|Unlock|Unprotect|Unpublish|Unregister|Update|Use|Wait|Watch|Write)/i;
# Programs and short names of cmdlets that change the system; those that look only are told apart by what they are given.
my $programs = qr/(?:reg|schtasks|netsh|msiexec|regsvr32|rundll32|mshta|wmic|vssadmin|sc|setx|net|wevtutil|bcdedit|cscript|wscript|installutil|regasm|regsvcs|nssm|cmstp|odbcconf|forfiles|sp|icm|iwmi|swmi|sasv|spsv|nsn|etsn|sajb|ipmo)/i;
my $types = qr/^["$q]?(?:System\.)?(?:Net\.(?:WebClient|Http\.\w+|CookieContainer)|(?:\w+\.)*(?:PSObject|PSCredential|PSCustomObject)|Collections\..*|Text\..*|IO\.(?:StringReader|StringWriter|StreamReader|MemoryStream|FileInfo|DirectoryInfo|FileStream|StreamWriter|BinaryReader)|Random|Uri|UriBuilder|Version|DateTime|TimeSpan|Guid|string|byte\[\]|char\[\]|object\[\]|int\[\]|Xml\.\w+|Security\.(?:Cryptography|Principal)\.\w+|Diagnostics\.Stopwatch|Management\.Automation\.\w+|hashtable|List\b.*|Dictionary\b.*|HashSet\b.*|System\.Text\..*)/i;
# What starts other programs, or loads code into them, by its name alone.
my $loaders = qr/^(?:\w*_OPTIONS|\w*PATH\w*|PYTHON\w*|LD_\w*|BASH_ENV|ENV|PERL5\w*|RUBY\w*|RUSTC_WRAPPER|NODE_\w*|DOTNET_STARTUP_HOOKS|COR(?:ECLR)?_\w*|JAVA_\w*|_JAVA\w*|JDK_\w*|GIT_\w*|PROMPT_COMMAND|EDITOR|VISUAL|PAGER|COMSPEC)$/i;
my $group; $group = qr/\((?:[^()"$q]++|"(?:[^"`]|`.)*+"|$q[^$q]*+$q|(??{$group}))*+\)/s;
my $quoted = qr/"(?:[^"`\$]++|`.|\$$group|\$)*+"/s;
my %function;
our $root = ".";

sub left { my ($name, $all) = @_; push @left, $name unless $name =~ $harmless || defined $all && $all =~ $harmless; return "" }

# The code of TEXT: without its comments and strings, but with what strings compute; with those too where text may be run.
sub code {
    my ($t, $all) = @_;
    my $made = "";
    while ($t =~ /\G(<#.*?#>|\@$q[ \t\r]*\n.*?\n$q\@|\@"[ \t\r]*\n.*?\n"\@|$quoted|$q(?:[^$q]|$q$q)*+$q|\#[^\n]*|[^<\@"$q#]+|.)/gcs) {
        my $part = $1;
        next if $part =~ /^<#/ || $part =~ /^#/ && $made =~ /(?:^|[\s;{}()])$/;
        if ($part =~ /^(["$q])(?:[\w.,:\[\]\/\\%-]*|%path%;[\w%:\\\/. -]*)\1$/i) { $made .= $part; next }
        if ($part =~ /^\@?$q./s) { $made .= "$q$q" . ($all ? ";" . substr($part, 1) . ";" : ""); next }
        if ($part =~ /^\@?"./s) {
            $made .= "\"\"" . ($all ? ";" . substr($part, 1) . ";" : "");
            $made .= ";" . code(substr($1, 1)) . ";" while !$all && $part =~ /\$($group|\(.*)/gs;
            next;
        }
        $made .= $part;
    }
    return $made;
}

# The name of a program of the list that does more than look; undef: it looks only.
sub changes {
    my ($name, $given) = (lc $_[0], $_[1] // "");
    return undef if $given =~ /^\s*$|\/\?/ && $name !~ /^(?:mshta|nssm)$/;
    return $given =~ /\/add\b|^\s*use\b/i ? "net" : undef if $name eq "net";
    return $given =~ /^\s*(?:\/[msu]\s+\S+\s+)*"?(\w+)/i && $1 =~ $loaders && $given !~ /^\s*"?path"?\s+["$q]*%path%/i ? "setx" : undef if $name eq "setx";
    my $looks = $given =~ /(?:^|\s)[\/-]?(?:query\w*|qc|get|show|list|enum|export|el|qe)\b/i
        && $given !~ /(?:^|[\s"])[\/-]?(?:add|create|set|delete|import|call|change|run|restore|copy|load|config|start|stop|failure|sdset|reset|end|install|resize|cl|sl)\b/i;
    return $looks ? undef : $name;
}

# What CODE has that is neither harmless nor made something of, wherever in it that stands.
sub check {
    my $t = shift;
    my $start = qr/(?:^|[;\n|{}(&]|(?:\$[\w:]+|[{;\n]\s*\w+)\s*=|=\s|\b(?:return|throw|exit|in|else)\s|(?:^|\s)\.\s)\s*(?:&\s*)?(?:\[[\w.]+\]\s*)*/i;
    pos($t) = 0;
    while ($t =~ /(?=$start(?:[\w.]+\\)?($verb-[A-Za-z]\w*)(?![\w\/\\.-])([^\n;|]*))/g) {
        my ($name, $given) = ($1, $2);
        next if $function{lc $name};
        if (lc $name eq "new-object") { push @left, "New-Object" unless $given =~ /^\s*(?:-TypeName\s+)?(\S+)/i && $1 =~ $types || $given =~ /^\s*$/; next }
        push @left, $name if lc $name eq "add-type" && $given !~ /^\s*-A/i;
        push @left, $name if $name =~ /^Start-(?:Thread)?Job$/i && $given =~ /-(?:File|Lite|Defin)/i;
        if ($name =~ /^(?:New|Set)-Alias$/i) { for ($given =~ /([\w-]+)/g) { push @left, $_ if /^$programs$/ || /^$verb-[A-Za-z]\w*$/ && $_ !~ $harmless && !$function{lc $_} } }
        left($name) unless $name =~ $translated;
    }
    while ($t =~ /(?=$start(?:[\w:.\\\/\$]*[\\\/])?($programs)(?:\.exe)?(?![\w\/\\.:-])([^\n;|]*))/g) {
        my ($name, $given) = ($1, $2);
        next if lc $name eq "ipmo" || $given =~ /^\s*[-+]?=/;
        $name = changes($name, $given);
        push @left, $name if defined $name;
    }
    while ($t =~ /(\[[^\[\]\n]*(?:\[[^\]]*\]+)?\]::|\.)([A-Za-z]\w*)\(/g) {
        my ($of, $name) = ($1, $2);
        next if $name =~ $known || $of =~ /^\[(?:System\.)?IO\.(?:File|Directory|Path)\]/i;
        next if lc $name eq "new" && $of =~ /^\[(.*)\]::$/ && $1 =~ $types;
        push @left, ".$name()";
    }
}

# What SetEnvironmentVariable keeps for later; the value may come after what was there.
sub kept {
    my $t = shift;
    while ($t =~ /SetEnvironmentVariable\(\s*($string|[^,]+?)\s*,\s*((?:$string|$group|[^,()])+?)\s*(?:,\s*([^)]+))?\)/gis) {
        my ($name, $value, $scope) = ($1, $2, $3 // "Process");
        next if $scope =~ /Process/i;
        my $plain = $name =~ /^["$q](\w+)["$q]$/ ? $1 : "";
        next if $plain ne "" && $plain !~ $loaders;
        next if lc $plain eq "path" && ($value =~ /^"?\$env:path\b/i || $value =~ /^"?\$\{?(\w+)/ && $t =~ /\$\Q$1\E\s*=\s*(?:\$env:path|\[(?:System\.)?Environment\]::GetEnvironmentVariable\(\s*["$q]path)/i || $value =~ /^\[(?:System\.)?Environment\]::GetEnvironmentVariable/i);
        push @left, "SetEnvironmentVariable($name)";
    }
}

my %home = (TEMP => "/tmp", TMP => "/tmp", USERPROFILE => "\${HOME}", HOMEPATH => "\${HOME}", HOMEDRIVE => "",
    APPDATA => "\${HOME}/.config", LOCALAPPDATA => "\${HOME}/.local/share", PROGRAMDATA => "/var/tmp",
    PUBLIC => "/var/tmp", USERNAME => "\${USER}", COMPUTERNAME => "\${HOSTNAME}", SYSTEMROOT => "/usr",
    WINDIR => "/usr", COMSPEC => "cmd", CD => "\${PWD}");
sub variable { my $name = uc $_[0]; exists $home{$name} ? $home{$name} : "\${$_[0]}" }
sub slashes {
    my $t = shift;
    return $t if $t =~ m{^https?://};
    $t =~ s{\\}{/}g;
    if ($t =~ s{^[A-Za-z]:/+Users/(?!Public/)[^/]+}{$ENV{HOME} // "/tmp"}ei) { $t =~ s{^.*?/AppData/Local/Temp\b}{/tmp}i; $t =~ s{/AppData/Roaming\b}{/.config}i; $t =~ s{/AppData/Local\b}{/.local/share}i }
    $t =~ s{^[A-Za-z]:/}{/tmp/};
    return $t;
}
sub single { my $t = shift; $t =~ s/$q/$q\\$q$q/g; "$q$t$q" }

# A word of PowerShell as one of a shell.
sub word {
    my $t = shift;
    $t =~ s/^\((.*)\)$/$1/s while $t =~ /^\([^()]*\)$/;
    if ($t =~ /^$q(.*)$q$/s) { $t = $1; $t =~ s/$q$q/$q/g; return single(slashes($t)) }
    if ($t =~ /^\s*Join-Path\s+(?:-Path\s+)?($string|\S+)\s+(?:-ChildPath\s+)?($string|\S+)\s*$/i) { return word($1) . "/" . word($2) }
    if ($t =~ /^\[.*?FromBase64String\(\s*(.+?)\s*\)+$/is) { return "\"\$(printf %s " . word($1) . " | base64 -d | tr -d " . single("\\000") . ")\"" }
    if ($t =~ /^($string|\$\w[\w:]*)\s*\+\s*(.+)$/s) { return word($1) . word($2) }
    if (my $got = fetched($t)) { return "\"\$($got)\"" }
    $t =~ s/^"(.*)"$/$1/s;
    $t =~ s/`(.)/$1 eq "n" ? "\n" : $1 eq "t" ? "\t" : $1/ge;
    $t = slashes($t);
    $t =~ s/(["])/\\$1/g;
    $t =~ s/\$\{?env:(\w+)(?:\(x86\))?\}?/variable($1)/gie;
    $t =~ s/\$\{?PSScriptRoot\}?/$root/gi;
    $t =~ s/\$\{?PROFILE\}?(?:\.\w+)?/\${HOME}\/.config\/powershell\/profile.ps1/gi;
    $t =~ s/\$\((\$\w+)(?:\.\w+)*\)/$1/g;
    $t =~ s/\$$group//g;
    $t =~ s/\$\(/\\\$(/g;
    $t =~ s/\$\{(?!\w+\})[^}]*\}?//g;
    return "\"$t\"";
}

# A line as it stands, or, where a shell could not read it and everything after it, its words.
sub parsed {
    my $t = shift;
    my $bare = $t =~ s/\\.|"(?:[^"\\]|\\.)*"|$q[^$q]*$q|\$\([^()]*\)|\$\{\w+\}//gsr;
    return $t if $bare !~ /["`()$q]|\$\{|<<|[|&<>]\s*$|^\s*[|&;]|;;|\\$|^\s*(?:do|done|then|fi|esac|case|for|while|until|if|else|elif|select|function|\{|\}|\[\[|!)(?:\s|$)/;
    return join " ", map { my $w = s/^"(.*)"$/$1/sr; $w =~ s/(["`\\])/\\$1/g; $w =~ s/\$(?!\w|\{\w+\})/\\\$/g; "\"$w\"" } $t =~ /("[^"]*"|\S+)/g;
}
# Another script of PowerShell: what it leaves out counts here too.
sub script { return "$_[0]; left=\$?; [ \$left != 125 ] || trap \"exit 125\" EXIT; test \$left = 0" }

# The words of a statement, and its parameters.
sub split_words {
    my $t = shift;
    my @all;
    while ($t =~ /\G\s*((?:$string|\((?:[^()]|\([^()]*\))*\)|[^\s"$q(])+)/gc) { push @all, $1 }
    return @all;
}
sub parameters {
    my @left; my %named;
    my %alone = map { $_ => 1 } qw(usebasicparsing recurse force raw wait nonewwindow passthru asplaintext allowclobber disablekeepalive hidden skipcertificatecheck append);
    while (defined(my $w = shift)) {
        if ($w =~ /^-([A-Za-z]+):?$/) { my $name = lc $1; $named{$name} = $alone{$name} || !@_ ? "" : shift @_ } else { push @left, $w }
    }
    return (\%named, @left);
}
sub named { my $given = shift; for my $want (@_) { for (keys %$given) { return $given->{$_} if length $_ && $want =~ /^\Q$_\E/ } } return undef }

# A command line that gives what EXPRESSION downloads; undef: it downloads nothing.
sub fetched {
    my $t = shift;
    $t =~ s/^\s+|\s+$//g;
    $t =~ s/\)\.(?:Content|RawContent|ToString\(\))$/)/i;
    if ($t =~ /\.Download(?:String|Data)(?:Async)?\(\s*(.+?)\s*\)\s*\)*$/is) { return "curl -fsSL " . word($1) }
    if ($t =~ /\.DownloadFile(?:Async)?\(\s*($string|[^,]+?)\s*,\s*(.+?)\s*\)\s*$/is) { return "curl -fsSL " . word($1) . " -o " . word($2) }
    if ($t =~ /\.Upload(?:String|File|Data)\(\s*($string|[^,]+?)\s*,\s*(?:$string\s*,\s*)?(.+?)\s*\)\s*$/is) {
        my ($to, $what) = (word($1), word($2));
        return $t =~ /UploadFile/i ? "curl -fsSL -F file=\@$what $to" : "curl -fsSL --data-binary $what $to";
    }
    $t =~ s/^\((.*)\)$/$1/s;
    my ($name, @rest) = split_words($t);
    return undef unless defined $name && $name =~ /^(?:iwr|irm|curl|wget|Invoke-WebRequest|Invoke-RestMethod|Start-BitsTransfer)$/i;
    my ($given, @left) = parameters(@rest);
    return undef if $name =~ /^(?:curl|wget)$/i && !defined named($given, "uri", "outfile", "usebasicparsing");
    my $from = named($given, "uri", "source") // shift @left;
    return undef unless defined $from;
    my $line = "curl -fsSL " . word($from);
    my $to = named($given, "outfile", "destinationpath") // ($name =~ /bits/i ? shift @left : undef);
    my $method = named($given, "method"); my $body = named($given, "body"); my $file = named($given, "infile");
    $line .= " -X " . word(uc $method) if defined $method;
    $line .= " --data-binary " . word($body) if defined $body;
    $line .= " --data-binary \@" . word($file) if defined $file;
    $line .= " -o " . word($to) if defined $to;
    return $line;
}

sub program {
    my ($file, @rest) = @_;
    my $name = word($file);
    $name =~ s/\.exe"?$/"/i if $name !~ m{/};
    return left($1) if $name =~ /^["$q]?(?:.*\/)?($verb-[A-Za-z]\w*)["$q]?$/ && $1 !~ $translated;
    if ($name =~ m{^["$q]?(?:.*/)?($programs)(?:\.exe)?["$q]?$}) { my $what = changes($1, join " ", map { s/^["$q]|["$q]$//gr } @rest); return installed($1, @rest) if $there; push @left, $what if defined $what; return "" }
    return powershell(@rest) if $name =~ m{^"?(?:.*/)?(?:powershell|pwsh)"?$}i;
    return batch_line(join " ", @rest[1 .. $#rest]) if $name =~ m{^"?(?:.*/)?cmd"?$}i && @rest;
    return script("pwsh $name " . join(" ", map { word($_) } @rest)) if $name =~ /\.ps1["$q]?$/i;
    my $line = $name . join("", map { " " . word($_) } @rest);
    return "start $line" if $there && ($name =~ m{/} || $file =~ /\.(?:exe|scr|com)["$q]?$/i);
    return $name =~ m{/} ? "chmod +x $name 2>/dev/null; $line" : $line;
}
sub installed { my ($name, @rest) = @_; return join " ", lc $name, map { word($_) } @rest }

# What was decoded is left as a file, which is read like any that a run leaves.
my $layers = 0;
sub layer {
    my $t = shift;
    return if !$there || length $t < 24 || ++$layers > 8;
    open my $out, ">:raw", "/tmp/powershell-$$-$layers.ps1" or return;
    print $out $t;
}
# What a script unpacks of itself: texts that are base64 of something compressed.
sub unpacked {
    my ($t, $made) = (shift, "");
    return "" unless $t =~ /(?:Gzip|Deflate)Stream/i && eval { require IO::Uncompress::AnyInflate; require IO::Uncompress::RawInflate; require MIME::Base64; 1 };
    while ($t =~ /["$q]([A-Za-z0-9+\/\s]{40,}={0,2})["$q]/g && ++$layers <= 8) {
        my ($bytes, $plain) = (MIME::Base64::decode_base64($1), "");
        my $how = substr($bytes, 0, 2) eq "\x1f\x8b" ? \&IO::Uncompress::AnyInflate::anyinflate : \&IO::Uncompress::RawInflate::rawinflate;
        next unless $how->(\$bytes, \$plain) && length $plain && length $plain <= 262144;
        $plain =~ s/\0//g;
        layer($plain);
        $made .= translate($plain);
    }
    return $made;
}

# powershell -NoProfile -Command …, -EncodedCommand …, -File …
sub powershell {
    while (@_) {
        my $w = shift;
        if ($w =~ /^[-\/](?:e|ec|en|enc\w*)$/i) { require MIME::Base64; my $t = MIME::Base64::decode_base64(shift // ""); $t =~ s/\0//g; layer($t); return translate($t) }
        if ($w =~ /^[-\/](?:c|co\w*)$/i) { my $t = join " ", @_; $t =~ s/^["$q](.*)["$q]$/$1/s; $t =~ s/^&\s*\{(.*)\}$/$1/s; return translate($t) }
        if ($w =~ /^[-\/]f(?:ile?)?$/i) { return program(@_) }
        if ($w =~ /^[-\/](?:w\w*|ex\w*|ep|v\w*|p\w*)$/i) { shift; next }
        next if $w =~ /^[-\/]/;
        my $t = join " ", $w, @_; $t =~ s/^["$q](.*)["$q]$/$1/s;
        return translate($t);
    }
    return "";
}

sub run_text { my $t = shift; my $got = fetched($t); return "$got | sh" if defined $got; return translate($1) if $t =~ /^\(?"(.*)"\)?$/s || $t =~ /^\(?$q(.*)$q\)?$/s; return "printf %s " . word($t) . " | sh" }

sub statement {
    my $t = shift;
    $t =~ s/^\s+|\s+$//g;
    return "" if $t eq "" || $t =~ /^#/;
    return statement($2) . "\n" if $t =~ /^(?:(?:else|try|finally|do|catch|process|begin|end)\b|(?:if|elseif|while|foreach|switch|function|param|catch)\b[^{]*)?(\{)(.*)$/is && $t !~ /^\$/;
    return statement($1) if $t =~ /^(?:return|exit|throw|\[(?:void|string|int|bool|array|object)\])\s*(\S.*)$/is;
    return "" if $t =~ /^(?:if|else|elseif|try|catch|finally|foreach|function|filter|param|while|return|exit|break|throw)\b/i;
    return statement($1) if $t =~ /^[\@\$]?\((.*)\)$/s && $t =~ /^[\@\$]?$group$/;
    if ($t =~ /^\$env:(\w+)\s*=\s*(.+)$/is) { return "export $1=" . word($2) }
    if ($t =~ /^(?:\[\w+\]\s*)?\$(?:global:|script:)?(\w+)\s*=\s*(.+)$/is) {
        my ($name, $value) = ($1, $2);
        return "" if $name =~ /^(?:PATH|IFS|HOME|PWD|E?UID|PPID|PS4|ENV|SHELLOPTS|BASH\w*)$/ && !defined fetched($value);
        return "" if $value =~ /^New-Object\b/i; # check() has looked at it
        return statement($value) if $value =~ /^\@\(/;
        return "" if $value =~ /^\@/;
        my $file = dotnet($value);
        return $file =~ /^cat|^ls/ ? "$name=\"\$($file)\"" : $file if defined $file;
        return left($value) if $value =~ /^\[/ && $value !~ /FromBase64String/i && !defined fetched($value);
        my ($first) = split_words($value);
        return "$name=" . word($value) if lc($first // "") eq "join-path";
        if (($first // "") =~ $cmdlet && !defined fetched($value)) { my $made = statement($value); return $made eq "" ? "" : "$name=\"\$($made)\"" }
        return statement($value) if defined fetched($value) && fetched($value) =~ / -o /;
        return "$name=" . word($value);
    }
    if ($t =~ /^(?:&\s*)?(?:powershell|pwsh)(?:\.exe)?\s+(.*)$/is) { return powershell(split_words($1)) }
    return run_text($1) if $t =~ /^(.+?)\s*\|\s*(?:iex|Invoke-Expressio[n])\b.*$/is;
    return run_text($1) if $t =~ /^(?:&\s*)?\(?\s*\[scriptblock\]::Create\((.+?)\)\)?$/is;
    return run_text($1) if $t =~ /^(?:&\s*)?(?:iex|Invoke-Expressio[n])\s*(?:-Command\s+)?(.+)$/is;
    my $got = fetched($t);
    return $got if defined $got;
    $t =~ s/\s*\|\s*(?:Out-Null|Out-String|Select-Object.*|Format-\w+.*|Where-Object.*|ForEach-Object.*|Sort-Object.*|ConvertTo-\w+.*|ConvertFrom-\w+.*)$//is;
    if ($t =~ /^(.+?)\s*\|\s*(?:Out-File|Set-Content|Add-Content)\s+(.+)$/is) {
        my ($what, $rest) = ($1, $2); my ($given, @left) = parameters(split_words($rest));
        my $to = named($given, "filepath", "path") // shift @left;
        return "printf \"%s\\n\" " . word($what) . " >" . word($to // "/dev/null") if $what =~ /^(?:$string|\$)/;
        return statement($what) . " >" . word($to // "/dev/null");
    }
    my $file = dotnet($t);
    return $file if defined $file;
    my ($name, @rest) = split_words($t);
    return "" unless defined $name;
    my $how = $name;
    ($name, @rest) = @rest if $name eq "&" || $name eq ".";
    return "" unless defined $name;
    if (my $made = $function{lc $name}) { return call($made, @rest) }
    return source(slashes($name), @rest) if $how eq "." && $name =~ /\.psm?1["$q]?$/i;
    my ($given, @left) = parameters(@rest);
    my $path = named($given, "path", "literalpath") // $left[0];
    my $l = lc $name;
    if ($l =~ /^(?:start-process|start|saps|invoke-item|ii)$/) {
        my $file = named($given, "filepath", "path") // shift @left; my $more = named($given, "argumentlist") // join " ", @left;
        $more =~ s/^\@\((.*)\)$/$1/; $more =~ s/^"(.*)"$/$1/ if $more !~ /",\s*"/;
        return defined $file ? program($file, split_words(join " ", split /\s*,\s*/, $more)) : "";
    }
    return source($path) if $l =~ /^(?:import-module|ipmo|using)$/ && defined($path = named($given, "name") // ($l eq "using" ? $left[1] : $path)) && $path =~ /[\/\\]|\.ps[md]1["$q]?$/i;
    return ": >" . word($path) if $l eq "clear-content" && defined $path;
    return "tar -cf " . word(named($given, "destinationpath") // $left[1] // "a.zip") . " " . word($path) if $l eq "compress-archive" && defined $path;
    return "cat " . word($path) if $l =~ /^(?:get-content|gc|type)$/ && defined $path;
    return "rm -rf " . word($path) if $l =~ /^(?:remove-item|ri|del|erase|rd)$/ && defined $path;
    my $to = named($given, "destinationpath") // ($l eq "expand-archive" ? $left[1] : $left[-1]);
    return "cp -r " . word($path) . " " . word($to) if $l =~ /^(?:copy-item|cpi|copy)$/ && defined $to;
    return "mv " . word($path) . " " . word($to) if $l =~ /^(?:move-item|mi|move|rename-item)$/ && defined $to;
    if ($l =~ /^(?:new-item|ni|mkdir|md)$/ && defined $path) { my $type = named($given, "itemtype", "type") // ""; return ($l =~ /^m/ || $type =~ /^d/i ? "mkdir -p " : "touch ") . word($path) }
    if ($l =~ /^(?:set-content|add-content|out-file)$/ && defined $path) { return "printf \"%s\\n\" " . word(named($given, "value", "inputobject") // $left[1] // "\"\"") . ($l =~ /^a/ ? " >>" : " >") . word($path) }
    if ($l eq "expand-archive" && defined $path) { return "unzip -o " . word($path) . " -d " . word($to // ".") }
    return "ls " . (defined $path ? word($path) : "") if $l =~ /^(?:get-childitem|gci|dir|ls)$/;
    return "cd " . word($path) if $l =~ /^(?:set-location|sl|cd|push-location)$/ && defined $path;
    return "echo " . join(" ", map { word($_) } @left) if $l =~ /^(?:write-host|write-output|write-information|echo)$/;
    return "sleep " . word($left[0] // named($given, "seconds") // 1) if $l eq "start-sleep";
    return batch(join " ", map { s/^["$q](.*)["$q]$/$1/sr } @rest[1 .. $#rest]) if $l =~ /^cmd(?:\.exe)?$/ && @rest > 1 && $rest[0] =~ /^\/[ck]$/i;
    return "cmd " . join(" ", map { word($_) } @rest) if $l =~ /^cmd(?:\.exe)?$/;
    return "echo " . word($t) if $how ne "&" && $how ne "." && $t =~ /^$string$/;
    return "" if $name =~ /^\$/ && $t =~ /^\$\w[^=]*[.(\[]/; # check() has looked at its methods
    return left($name, $t) if $name =~ $cmdlet || $name =~ /^[\[\$\@}]/;
    return "" if $name =~ /^(?:winget|choco|scoop|icacls|attrib|$programs)(?:\.exe)?$/i; # and at these
    return powershell(@rest) if $l =~ /^(?:powershell|pwsh)(?:\.exe)?$/;
    return batch_line($t) if $l =~ /^(?:certutil|bitsadmin)(?:\.exe)?$/;
    return program($name, @rest) if $name =~ /^(?:$string|\.[\\\/].*|\$.*|.*\\.*)$/s || $name =~ /\.(?:exe|ps1)$/i;
    $t =~ s/\$env:(\w+)/variable($1)/gie;
    return parsed($t);
}

# [IO.File]::WriteAllText("a", "b") and its like, as a shell has it; undef: it is none.
sub dotnet {
    my $t = shift;
    return undef unless $t =~ /^\(?\[(?:System\.)?IO\.(File|Directory)\]::(\w+)($group)/i;
    my ($of, $how, $given) = (lc $1, lc $2, substr $3, 1, -1);
    my @given;
    push @given, $1 while $given =~ /\G\s*((?:$string|$group|[^,"$q()])+?)\s*(?:,|$)/gcs;
    my ($first, $second) = map { word($_) } @given;
    return "" unless defined $first;
    return "printf %s " . ($second // "\"\"") . " >$first" if $how =~ /^writeall/;
    return "printf %s " . ($second // "\"\"") . " >>$first" if $how =~ /^appendall/;
    return "cat $first" if $how =~ /^(?:readall|readlines|open(?:read|text)$)/;
    return ($of eq "file" ? "rm -f " : "rm -rf ") . $first if $how eq "delete";
    return "test -e $first" if $how eq "exists";
    return "mkdir -p $first" if $how eq "createdirectory";
    return "touch $first" if $how =~ /^create/;
    return "cp -r $first $second" if $how eq "copy" && defined $second;
    return "mv $first $second" if $how eq "move" && defined $second;
    return "ls $first" if $how =~ /^(?:get|enumerate)(?:files|directories|filesystementries)$/;
    return "" if $how =~ /^(?:get|set(?:last|creation|current))/;
    return left("[IO.$of]::$how");
}

# A function of the script itself: its body once more, with what it is given.
sub call {
    my ($made, @rest) = @_;
    my ($given, @left) = parameters(@rest);
    return "" unless @rest;
    my $lines = "";
    for my $name (@{$made->[0]}) {
        my $value = $given->{lc $name} // shift @left;
        $lines .= "$name=" . word($value) . "\n" if defined $value && $value ne "";
    }
    return $lines . translate($made->[1]);
}
sub functions {
    my $t = shift;
    my $block; $block = qr/\{(?:[^{}"$q]++|"(?:[^"`]|`.)*+"|$q[^$q]*+$q|["$q]|(??{$block}))*+\}/s;
    while ($t =~ /\b(?:function|filter)\s+(?:global:|script:)?([\w-]+)\s*($group)?\s*($block)?/gi) {
        my ($name, $given, $body) = ($1, $2 // "", $3 // "");
        my $names = $given . ($body =~ /\bparam\s*($group)/i ? $1 : "");
        $function{lc $name} //= [[$names =~ /\$(\w+)\s*(?:[,)=]|$)/g], substr $body, 0, 65536];
    }
}

# What is dot-sourced or imported, as if it stood here; the name of a file that a line before makes is run then.
sub source {
    my ($name) = @_;
    my $file = word($name);
    my $plain = $file =~ s/^"(.*)"$/$1/sr =~ s/^$q(.*)$q$/$1/sr;
    (my $stem = $plain) =~ s/\.psd1$//i;
    my ($found) = grep { -f $_ && -r $_ } $plain =~ /\.psd1$/i ? () : $plain, "$stem.psm1", "$stem/" . ($stem =~ m{([^/]+)/*$})[0] . ".psm1";
    return script("pwsh $file") if !defined $found;
    open my $in, "<:raw", $found or return left($plain);
    my $text = do { local $/; <$in> };
    local $root = $found =~ m{^(.*)/} ? $1 : ".";
    return translate(substr $text, 0, 262144);
}

# What the parentheses of a statement run that nothing was made of.
sub inner {
    my ($t, $made) = @_;
    my @more;
    return left("too long") if length $t > 32768 && $t =~ /\(/;
    while ($t =~ /(?=($group))/g) {
        my $in = substr $1, 1, -1;
        $in =~ s/^\s+|\s+$//g;
        next unless $in =~ /^(?:$verb-\w+|iwr|irm|iex|curl|wget|saps|start|&|\.\s|powershell|pwsh|cmd)\b/i || $in =~ /^&/ || $in =~ /\|\s*(?:iex|Invoke-Expressio[n])\b/i;
        next if $in =~ /^([\w-]+)/ && $1 =~ $harmless && $in !~ /\|/;
        my $line = statement($in);
        push @more, $line if $line ne "" && index($made, $line) < 0 && !grep { index($_, $line) >= 0 } @more;
    }
    while ($t =~ /(\[(?:System\.)?IO\.(?:File|Directory)\]::\w+$group)/gi) {
        my $line = dotnet($1);
        push @more, $line if $line =~ /^(?:printf|rm|cp|mv|mkdir|touch)/ && index($made, $line) < 0;
    }
    return join "", map { "$_\n" } @more;
}

# Statements: lines that a backtick continues are one, a semicolon ends one.
sub translate {
    my $t = shift;
    return left("too deep") if $depth > 8;
    $depth++;
    $t =~ s/\r//g; $t =~ s/<#.*?#>//gs; $t =~ s/`[ \t]*\n/ /g;
    # The name of a variable is the same in upper and lower case.
    my %spelt;
    $spelt{lc $1} //= $1 while $t =~ /\$(?:global:|script:|local:)?(\w+)\s*(?:[-+]?=|in\b|[,)])/gi;
    $t =~ s/($q(?:[^$q]|$q$q)*$q)|(?<!`)\$(?!env:)((?:global:|script:|local:)?)(\w+)/defined $1 ? $1 : "\$$2" . ($spelt{lc $3} \/\/ $3)/gie;
    functions($t);
    my $all = $t =~ /\b(?:iex|Invoke-Expressio[n])\b|\[scriptblock\]|\s-e(?:c|nc\w*)?\s/i;
    check(code($t, $all));
    kept($t);
    push @left, "Startup" if $t =~ /Start Menu[\\\/]Programs[\\\/]Startup|shell:startup|GetFolderPath\(\s*["$q]Startup/i && $t =~ /Copy|Move|New-|Out-File|Content|Write|>/i;
    $t =~ s/([|,({])[ \t]*\n\s*/$1 /g;
    my @lines; my $one = "";
    while ($t =~ /\G($string|\((?:[^()]|\([^()]*\))*\)|\#[^\n]*|[;\n{}]|[^;\n{}"$q(#]+|.)/gcs) {
        my $part = $1;
        if ($part =~ /^#/ && $one =~ /(?:^|\s)$/) { next }
        if ($part =~ /^[;\n{}]$/ && !($part =~ /[{}]/ && $one =~ /\$$|\@$/)) { push @lines, $one; $one = ""; next }
        $one .= $part;
    }
    push @lines, $one;
    my $made = join "", map { my $s = statement($_); my $more = inner($_, $s); $more . ($s eq "" ? "" : "$s\n") } @lines;
    $made .= unpacked($t);
    $depth--;
    return $made;
}

# --- batch files ---

sub percent {
    my $t = shift;
    $t =~ s/%%(?:~[a-z]*?)?([A-Za-z])(?![A-Za-z])/\${for_$1}/g;
    $t =~ s/%\*/\$*/g;
    $t =~ s/%~dp0\\?/$root\//gi; $t =~ s/%(\w+)%/variable($1)/ge; $t =~ s/%~?([0-9])/\${$1}/g;
    return $t;
}
sub path_word { my $t = shift; $t =~ s/^"(.*)"$/$1/; $t = slashes($t); $t =~ s/(["`\$])/\\$1/g; "\"" . percent($t) . "\"" }

# Where an if, an else or a block begins and ends does not matter: both ways are taken.
sub batch_line {
    my $t = shift;
    return left("too deep") if $depth > 64;
    local $depth = $depth + 1;
    1 while $t =~ s/^(?:[\s\@()]+|else\b(?![.\\\/]))//i;
    $t =~ s/\s+$//;
    my $bare = $t =~ s/"[^"]*"//gr;
    my $more = ($bare =~ tr/)//) - ($bare =~ tr/(//);
    $t =~ s/\s*\)$// while $more-- > 0;
    return "" if $t eq "" || $t =~ /^(?:rem\b|:|echo\s+off|setlocal|endlocal|goto|exit|pause|cls|title|color|chcp)/i;
    if ($t =~ /^if\b/i) {
        return "" if $t !~ /^if\s+(?:\/i\s+)?(?:not\s+)?(?:(?:exist|defined|errorlevel|cmdextversion)\s+(?:"[^"]*"|[^\s(]+)|(?:"[^"]*"|[^\s=]+)\s*(?:==|\b(?:equ|neq|lss|leq|gtr|geq)\b)\s*(?:"[^"]*"|[^\s(]+))\s*(.*)$/is;
        return join "\n", grep { $_ ne "" } map { batch_line($_) } split /\s*\)\s*else\b\s*|\s+else\s+(?=\()/i, $1;
    }
    if ($t =~ /^for\s+(.*?)%%?(\w)\s+in\s*\((.*?)\)\s*do\b\s*(.*)$/is) {
        my ($how, $name, $set, $body) = ($1, $2, $3, $4);
        my @values = $how =~ /\/l/i ? $set =~ /(-?\d+)/ : map { s/^"([\w.\/*?-]+)"$/$1/r } map { path_word($_) } $set =~ /("[^"]*"|[^\s,;]+)/g;
        @values = ("\"\$(" . (batch_line($1) || "true") . ")\"") if $set =~ /^\s*[$q`](.*)[$q`]\s*$/s;
        $body =~ s/%\Q$name\E\b/%%$name/g if $body !~ /%%/;
        return "for for_$name in " . join(" ", @values) . "; do\n" . (batch_line($body) || ":") . "\ndone";
    }
    $t =~ s/\s*\b[012]?>>?\s*nul\b//gi;
    $t =~ s/\s*>>?\s*nul\b//gi;
    if ($t =~ /^set\s+\/p\s+"?(\w+)=/i) { return "read -r $1" }
    return "" if $t =~ /^set(?:\s+\/a\b.*|\s+\w*)?$/is;
    return "export $1=" . path_word($2) if $t =~ /^set\s+"?(\w+)=([^"]*)"?$/i;
    my @w = $t =~ /("[^"]*"|\S+)/g;
    my $l = lc $w[0]; $l =~ s/^"(.*)"$/$1/; $l =~ s/\.exe$//;
    while ($t =~ /\|\s*"?(?:[^\s"|]*[\\\/])?($programs)(?:\.exe)?"?(?![\w.\\\/-])([^|]*)/g) { my $what = changes($1, $2); push @left, $what if defined $what }
    if ($l =~ /^(?:.*[\\\/])?($programs)$/) {
        my $what = changes($1, join " ", @w[1 .. $#w]);
        return join " ", lc $1, map { path_word($_) } @w[1 .. $#w] if $there;
        push @left, $what if defined $what;
        return "";
    }
    my @plain = grep { !/^[\/-]/ } @w[1 .. $#w];
    if ($l eq "certutil") {
        return "curl -fsSL " . path_word($plain[0]) . " -o " . path_word($plain[1] // "download") if $t =~ /urlcache/i && @plain;
        return "base64 -d " . path_word($plain[0]) . " >" . path_word($plain[1]) if $t =~ /-decode/i && @plain > 1;
        push @left, $l if $t =~ /[-\/](?:addstore|delstore|import|repairstore|setreg|f\b)/i;
        return "";
    }
    if ($l eq "bitsadmin") { my ($from) = grep { /^"?https?:/i } @w; push @left, $l if $t =~ /\/set\w*cmd/i; return defined $from ? "curl -fsSL " . path_word($from) . " -o " . path_word($w[-1]) : "" }
    if ($l eq "start" || $l eq "call") { shift @w; shift @w while @w && $w[0] =~ /^(?:""|"[^"\\\/.]*"|\/\w+)$/; return @w ? batch_line(join " ", @w) : "" }
    return batch(join(" ", @w[2 .. $#w]) =~ s/^"([^"]*)"$/$1/r) if $l =~ /^(?:.*[\\\/])?cmd$/ && @w > 2;
    return powershell(@w[1 .. $#w]) if $l =~ /^(?:.*[\\\/])?(?:powershell|pwsh)$/;
    return "rm -rf " . join " ", map { path_word($_) } @plain if $l =~ /^(?:del|erase|rmdir|rd)$/ && @plain;
    return "cp -r " . join " ", map { path_word($_) } @plain if $l =~ /^(?:copy|xcopy|robocopy)$/ && @plain > 1;
    return "mv " . join " ", map { path_word($_) } @plain if $l =~ /^(?:move|ren)$/ && @plain > 1;
    return "mkdir -p " . join " ", map { path_word($_) } @plain if $l =~ /^(?:mkdir|md)$/ && @plain;
    return "cat " . join " ", map { path_word($_) } @plain if $l eq "type" && @plain;
    return "cd " . path_word($plain[0]) if $l =~ /^(?:cd|chdir|pushd)$/ && @plain;
    return "sleep 1" if $l eq "timeout";
    return "command -v " . join " ", map { path_word($_) } @plain if $l eq "where" && @plain;
    return "" if $l =~ /^(?:winget|choco|scoop|icacls|attrib|taskkill|verify|prompt|path|ver|vol|mode|shift|popd)$/;
    return left($l) if $l eq "for";
    return "start " . join " ", map { path_word($_) } @w if $there && ($w[0] =~ /[\\\/%]/ || $w[0] =~ /\.(?:exe|scr|com|bat|cmd|vbs|py|msi)"?$/i) && $l !~ /^https?:/;
    return "chmod +x " . path_word($w[0]) . " 2>/dev/null; " . join " ", map { path_word($_) } @w if $w[0] =~ /[\\\/%]/ && $l !~ /^https?:/;
    $w[0] =~ s/\.exe$//i;
    return parsed(percent(join " ", @w));
}
sub batch {
    my $t = shift; my $made = "";
    $t =~ s/\r//g; $t =~ s/\^\n/ /g;
    my @loops; my $deep = 0;
    for my $line (split /\n/, $t) {
        next if $line =~ /^\s*\@?(?:rem\b|::)/i;
        my $bare = $line =~ s/"[^"]*"|\^.//gr;
        if ($line =~ /^(.*\bfor\s.*\bdo)\s*\(\s*$/i && (my $loop = batch_line($1)) =~ /\ndone$/) { $made .= $loop =~ s/done$//r; push @loops, $deep++; next }
        $deep += ($bare =~ tr/(//) - ($bare =~ tr/)//);
        my @parts = ("");
        while ($line =~ /\G("[^"]*"|\^.|>&|&&?|\|\||[^"^>&|]+|.)/gs) { if ($1 =~ /^(?:&&?|\|\|)$/) { push @parts, "" } else { $parts[-1] .= $1 } }
        for my $part (@parts) { my $one = batch_line($part); $made .= "$one\n" if $one ne "" }
        while (@loops && $deep <= $loops[-1]) { $made .= "done\n"; pop @loops }
    }
    return $made . "done\n" x @loops;
}

# --- AppleScript ---

# "text" & name & quoted form of name
sub apple_words {
    my $made = "";
    for my $part ($_[0] =~ /("(?:[^"\\]|\\.)*"|quoted form of|\b[A-Za-z_]\w*\b)/g) {
        last if $part =~ /^(?:with|without|password|user|as|in|to|end)$/;
        next if $part =~ /^(?:quoted form of|the|of|POSIX|path)$/;
        if ($part =~ /^"(.*)"$/s) { my $t = $1; $t =~ s/\\(.)/$1 eq "n" ? "\n" : $1/ge; $made .= $t } else { $made .= "\${$part}" }
    }
    return $made;
}
sub apple {
    my $t = shift; my $made = "";
    $t =~ s/\xc2\xac\s*\n/ /g;
    for my $line (split /[\n\r]/, $t) {
        if ($line =~ /^\s*set\s+(\w+)\s+to\s+(".*)$/) { $made .= "$1=" . single(apple_words($2)) . "\n" }
        if ($line =~ /^\s*set\s+(\w+)\s+to\s+.*(?:dialog|answer)/i) { $made .= "$1=Sommer-2026\n" }
        if ($line =~ /open\s+location\s+("[^"]*")/) { $made .= "xdg-open $1\n" }
        $made .= apple_words($1) . "\n" while $line =~ /do\s+(?:shell\s+)?script\s+\(?(.*?)(?=\bdo\s+(?:shell\s+)?script\b|$)/g;
    }
    return $made;
}

# What calls itself over and over ends here.
die "The call depth is too high.\n" if $ENV{PSCallDepth}++ > 8;
my ($text, @rest) = ("");
if ($kind eq "osa") {
    my @lines; my $file;
    while (@words) { my $w = shift @words; if ($w eq "-e" || $w eq "-c") { push @lines, shift @words // "" } elsif ($w =~ /^-./) { shift @words if $w eq "-l" } else { $file //= $w } }
    $text = join "\n", @lines;
    @words = @lines ? () : ($file // "-");
    @words = () if @lines;
} elsif (@words && $words[0] =~ /^-/ && $kind eq "ps" && !($words[0] eq "-c" && @words == 2)) { $text = "powershell " . join " ", map { /\s/ ? "\"$_\"" : $_ } @words; $text = powershell(@words); $kind = "sh"; @words = () }
elsif (@words && lc $words[0] =~ /^(?:-c|\/c|\/k)$/) {
    shift @words; $text = join " ", @words; @words = ();
    # As cmd does: of a line in quotes these fall away, unless they hold the name of one program.
    if ($kind eq "cmd" && $text =~ /^"(.*)"\s*$/s) { my $in = $1; $text = $in if $in =~ /"/ ? $in =~ /^"/ : $in =~ /\s/ && !-e slashes($in) }
}
elsif (@words && $kind eq "ps" && !-e $words[0]) {
    die "The argument \"$words[0]\" is not recognized as the name of a script file.\n" if $words[0] =~ /\.ps1$/i;
    $text = join " ", @words; @words = () }
if (@words) {
    my $file = shift @words; @rest = @words;
    if ($file ne "-" && -f $file) { require Cwd; $root = Cwd::abs_path($file) =~ s{/[^/]*$}{}r; $root =~ s/([\\"`\$])/\\$1/g }
    if ($file eq "-") { local $/; $text = <STDIN> } else { open my $in, "<:raw", $file or die "$file: $!\n"; local $/; $text = <$in> }
    $text =~ s/\0//g if $text =~ s/^\xff\xfe//;
    $text =~ s/^\xef\xbb\xbf//;
}
$text //= "";
if (length $text > 262144) { $text = substr $text, 0, 262144; left("too long") }
no warnings "recursion";
# Text made to be slow to read counts as left out; within an expression only a handler of POSIX is called.
require POSIX;
POSIX::sigaction(POSIX::SIGALRM(), POSIX::SigAction->new(sub { print STDERR "too slow : The term is not recognized on this platform.\n"; POSIX::_exit(125) }));
alarm 30;
my $made = eval { $kind eq "sh" ? $text : $kind eq "ps" ? translate($text) : $kind eq "cmd" ? batch($text) : apple($text) };
if (!defined $made) { $made = ""; push @left, "too deep" }
alarm 0;
if ($there && $made =~ /Start Menu/) { my $at = $ENV{HOME}; for (".config", "Microsoft", "Windows", "Start Menu", "Programs", "Startup") { $at .= "/$_"; mkdir $at } }
my %said;
print STDERR "$_ : The term is not recognized on this platform.\n" for grep { !$said{$_}++ } map { s/\n.*//sr } @left;
exec "bash", "-c", $made, "bash", @rest if $made ne "" && !@left;
system "bash", "-c", $made, "bash", @rest if $made ne "";
exit 125 if @left;
