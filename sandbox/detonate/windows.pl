# Runs code for Windows and macOS in a box, as far as it has a like here: perl -e THIS KIND -c TEXT, or
# KIND FILE WORD…, where KIND is ps (PowerShell), cmd (batch files) or osa (AppleScript). Each line becomes
# one of a shell, which is run: what downloads, runs, reads, writes and deletes is translated, what is like
# nothing here is left out: where that could have done something, it is said, and the status is 125. Both ways of an "if" are taken. Runs in the box only, as whoever runs the
# package. No single quote: a shell script quotes it.
use strict;
my $q = chr(39);
my ($kind, @words) = @ARGV;
my $cmdlet = qr/^[A-Z][a-z]+-[A-Z][A-Za-z]+$/;
my $string = qr/"(?:[^"`]|`.)*"|$q(?:[^$q]|$q$q)*$q/s;
my $depth = 0;
my @left;
# What only looks, prints, sets up the shell itself or installs a known package does nothing of its own.
my $harmless = qr/^(?:(?:Get|Test|Select|Where|Write|Format|Out|Measure|Sort|Group|Compare|Resolve|Split|Join|Clear|Show|Read|ConvertTo|ConvertFrom|Import|Find|Update|Push|Pop|Wait|Enter|Exit|Trace|Assert)-[A-Za-z]+|Set-(?:ExecutionPolicy|StrictMode|PSDebug|PSRepository|Variable|Location|Clipboard)|Install-(?:Module|Package|PackageProvider|Script|PSResource)|Add-Type|ForEach-Object|New-(?:Variable|TimeSpan|Guid)|winget|choco|scoop|setx|taskkill|vswhere|icacls|attrib|\$PSVersionTable.*|\$(?:ErrorActionPreference|ProgressPreference).*|\$(?:\{?\w+\}?|env:\w+)(?:\.\w+)*|[}\])]+|\[(?:System\.)?(?:Net\.ServicePointManager|Console|Environment|Text\.Encoding|Convert|Math|string|int|version|datetime)\].*)$/is;
my $known = qr/^(?:(?:Down|Up)load(?:String|File|Data)(?:Async)?|FromBase64String|ToBase64String|Create|Get(?:String|Bytes|Current|FolderPath|TempPath|TempFileName|FileName\w*|DirectoryName|FullPath|EnvironmentVariable|Type)|SetEnvironmentVariable|IsInRole|IsNullOr\w+|Exists|Contains\w*|StartsWith|EndsWith|Equals|Trim\w*|To(?:Lower|Upper|String|Array|Char\w+)\w*|Split|Replace|Substring|Join|Add\w*|Append\w*|Format|(?:Try)?Parse|Combine|Write(?:Line)?|Read(?:Line|Key)|Dispose|Close|Match(?:es)?|IndexOf|Round|Floor|Ceiling|Max|Min|Next|NewGuid|Count|Where|ForEach|Parameter)$/i;
sub methods { while ($_[0] =~ /(?:::|\.)([A-Za-z]\w*)\(/g) { my $name = $1; push @left, ".$name()" unless $name =~ $known } }
sub left { my ($name, $all) = @_; push @left, $name unless $name =~ $harmless || defined $all && $all =~ $harmless; return "" }

my %home = (TEMP => "/tmp", TMP => "/tmp", USERPROFILE => "\${HOME}", HOMEPATH => "\${HOME}", HOMEDRIVE => "",
    APPDATA => "\${HOME}/.config", LOCALAPPDATA => "\${HOME}/.local/share", PROGRAMDATA => "/var/tmp",
    PUBLIC => "/var/tmp", USERNAME => "\${USER}", COMPUTERNAME => "\${HOSTNAME}", SYSTEMROOT => "/usr",
    WINDIR => "/usr", COMSPEC => "cmd", CD => "\${PWD}");
sub variable { my $name = uc $_[0]; exists $home{$name} ? $home{$name} : "\${$_[0]}" }
sub slashes { my $t = shift; return $t if $t =~ m{^https?://}; $t =~ s{\\}{/}g; $t =~ s{^[A-Za-z]:/}{/tmp/}; $t }
sub single { my $t = shift; $t =~ s/$q/$q\\$q$q/g; "$q$t$q" }

# A word of PowerShell as one of a shell.
sub word {
    my $t = shift;
    $t =~ s/^\((.*)\)$/$1/s while $t =~ /^\([^()]*\)$/;
    if ($t =~ /^$q(.*)$q$/s) { $t = $1; $t =~ s/$q$q/$q/g; return single(slashes($t)) }
    if ($t =~ /^\s*Join-Path\s+(\S+)\s+(\S+)\s*$/i) { return word($1) . "/" . word($2) }
    if ($t =~ /^\[.*?FromBase64String\(\s*(.+?)\s*\)+$/is) { return "\"\$(printf %s " . word($1) . " | base64 -d | tr -d " . single("\\000") . ")\"" }
    if ($t =~ /($string|\$\w[\w:]*)\s*\+\s*(.+)$/s && $t =~ /^(?:$string|\$)/) { return word($1) . word($2) }
    if (my $got = fetched($t)) { return "\"\$($got)\"" }
    $t =~ s/^"(.*)"$/$1/s;
    $t =~ s/`(.)/$1 eq "n" ? "\n" : $1 eq "t" ? "\t" : $1/ge;
    $t = slashes($t);
    $t =~ s/(["])/\\$1/g;
    $t =~ s/\$\{?env:(\w+)\}?/variable($1)/gie;
    $t =~ s/\$PSScriptRoot/./gi;
    $t =~ s/\$\((\$\w+)(?:\.\w+)*\)/$1/g;
    $t =~ s/\$\(.*?\)//g;
    return "\"$t\"";
}

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
    return powershell(@rest) if $name =~ m{^"?(?:.*/)?(?:powershell|pwsh)"?$}i;
    return batch_line(join " ", @rest[1 .. $#rest]) if $name =~ m{^"?(?:.*/)?cmd"?$}i && @rest;
    return "pwsh $name " . join(" ", map { word($_) } @rest) if $name =~ /\.ps1["$q]?$/i;
    my $line = $name . join("", map { " " . word($_) } @rest);
    return $name =~ m{/} ? "chmod +x $name 2>/dev/null; $line" : $line;
}

# powershell -NoProfile -Command …, -EncodedCommand …, -File …
sub powershell {
    while (@_) {
        my $w = shift;
        if ($w =~ /^[-\/](?:e|ec|en|enc\w*)$/i) { require MIME::Base64; my $t = MIME::Base64::decode_base64(shift // ""); $t =~ s/\0//g; return translate($t) }
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
    return "" if $t =~ /^(?:if|else|elseif|try|catch|finally|foreach|function|param|while|return|exit|break|throw)\b/i;
    if ($t =~ /^\$env:(\w+)\s*=\s*(.+)$/is) { return "export $1=" . word($2) }
    if ($t =~ /^(?:\[\w+\]\s*)?\$(?:global:|script:)?(\w+)\s*=\s*(.+)$/is) {
        my ($name, $value) = ($1, $2);
        return $value =~ /WebClient|HttpClient|PSObject|PSCredential|Collections|Text\.|Random|Uri\b/i ? "" : left("New-Object") if $value =~ /^New-Object\b/i;
        return "" if $value =~ /^\@/;
        return left($value) if $value =~ /^\[/ && $value !~ /FromBase64String/i && !defined fetched($value);
        my ($first) = split_words($value);
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
    my ($name, @rest) = split_words($t);
    return "" unless defined $name;
    ($name, @rest) = @rest if $name eq "&" || $name eq ".";
    return "" unless defined $name;
    my ($given, @left) = parameters(@rest);
    my $path = named($given, "path", "literalpath") // $left[0];
    my $l = lc $name;
    if ($l =~ /^(?:start-process|start|saps|invoke-item|ii)$/) {
        my $file = named($given, "filepath", "path") // shift @left; my $more = named($given, "argumentlist") // join " ", @left;
        $more =~ s/^\@\((.*)\)$/$1/; $more =~ s/^"(.*)"$/$1/ if $more !~ /",\s*"/;
        return defined $file ? program($file, split_words(join " ", split /\s*,\s*/, $more)) : "";
    }
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
    return "cmd " . join(" ", map { word($_) } @rest) if $l =~ /^cmd(?:\.exe)?$/;
    return left($name, $t) if $name =~ $cmdlet || $name =~ /^[\[\$\@}]/ || $name =~ /^(?:reg|schtasks|winget|choco|scoop|icacls|attrib|netsh|setx|msiexec|regsvr32|rundll32|mshta|wmic|vssadmin)(?:\.exe)?$/i;
    return powershell(@rest) if $l =~ /^(?:powershell|pwsh)(?:\.exe)?$/;
    return batch_line($t) if $l =~ /^(?:certutil|bitsadmin)(?:\.exe)?$/;
    return program($name, @rest) if $name =~ /^(?:$string|\.[\\\/].*|\$.*|.*\\.*)$/s || $name =~ /\.(?:exe|ps1)$/i;
    $t =~ s/\$env:(\w+)/variable($1)/gie;
    return $t;
}

# Statements: lines that a backtick continues are one, a semicolon ends one.
sub translate {
    my $t = shift;
    return left("too deep") if ++$depth > 8;
    methods($t);
    $t =~ s/\r//g; $t =~ s/<#.*?#>//gs; $t =~ s/`[ \t]*\n/ /g; $t =~ s/([|,({])[ \t]*\n\s*/$1 /g;
    my @lines; my $one = "";
    while ($t =~ /\G($string|\((?:[^()]|\([^()]*\))*\)|\#[^\n]*|[;\n{}]|[^;\n{}"$q(#]+|.)/gcs) {
        my $part = $1;
        if ($part =~ /^#/ && $one =~ /(?:^|\s)$/) { next }
        if ($part =~ /^[;\n{}]$/ && !($part =~ /[{}]/ && $one =~ /\$$|\@$/)) { push @lines, $one; $one = ""; next }
        $one .= $part;
    }
    push @lines, $one;
    my $made = join "", map { my $s = statement($_); $s eq "" ? "" : "$s\n" } @lines;
    $depth--;
    return $made;
}

# --- batch files ---

sub percent { my $t = shift; $t =~ s/%(\w+)%/variable($1)/ge; $t =~ s/%~dp0/.\//g; $t =~ s/%~?([0-9])/\${$1}/g; $t }
sub path_word { my $t = slashes(shift); $t =~ s/^"(.*)"$/$1/; $t =~ s/(["`])/\\$1/g; "\"" . percent($t) . "\"" }
sub batch_line {
    my $t = shift;
    $t =~ s/^\s*\@?\s*|\s+$//g;
    return "" if $t eq "" || $t =~ /^(?:rem\b|:|echo\s+off|setlocal|endlocal|goto|exit|pause|cls|title|color|chcp|else|\)|\()/i;
    return batch_line($1) if $t =~ /^if\s+(?:\/i\s+)?(?:not\s+)?(?:exist\s+(?:"[^"]*"|\S+)|errorlevel\s+\d+|(?:"[^"]*"|\S+)\s*(?:==|\b(?:equ|neq)\b)\s*(?:"[^"]*"|\S+))\s+\(?(.*?)\)?$/i;
    return "export $1=" . path_word($2) if $t =~ /^set\s+"?(\w+)=([^"]*)"?$/i;
    my @w = $t =~ /("[^"]*"|\S+)/g;
    my $l = lc $w[0]; $l =~ s/\.exe$//; $l =~ s/^"(.*)"$/$1/;
    my @plain = grep { !/^[\/-]/ } @w[1 .. $#w];
    if ($l eq "certutil") {
        return "curl -fsSL " . path_word($plain[0]) . " -o " . path_word($plain[1] // "download") if $t =~ /urlcache/i && @plain;
        return "base64 -d " . path_word($plain[0]) . " >" . path_word($plain[1]) if $t =~ /-decode/i && @plain > 1;
        return "";
    }
    if ($l eq "bitsadmin") { my ($from) = grep { /^"?https?:/i } @w; return defined $from ? "curl -fsSL " . path_word($from) . " -o " . path_word($w[-1]) : "" }
    if ($l eq "start" || $l eq "call") { shift @w; shift @w while @w && $w[0] =~ /^(?:""|"[^"\\\/.]*"|\/\w+)$/; return @w ? batch_line(join " ", @w) : "" }
    return batch_line(join " ", @w[2 .. $#w]) if $l eq "cmd" && @w > 2;
    return powershell(@w[1 .. $#w]) if $l =~ /^(?:powershell|pwsh)$/;
    return "rm -rf " . join " ", map { path_word($_) } @plain if $l =~ /^(?:del|erase|rmdir|rd)$/ && @plain;
    return "cp -r " . join " ", map { path_word($_) } @plain if $l =~ /^(?:copy|xcopy|robocopy)$/ && @plain > 1;
    return "mv " . join " ", map { path_word($_) } @plain if $l =~ /^(?:move|ren)$/ && @plain > 1;
    return "mkdir -p " . join " ", map { path_word($_) } @plain if $l =~ /^(?:mkdir|md)$/ && @plain;
    return "cat " . join " ", map { path_word($_) } @plain if $l eq "type" && @plain;
    return "cd " . path_word($plain[0]) if $l =~ /^(?:cd|chdir|pushd)$/ && @plain;
    return "sleep 1" if $l eq "timeout";
    return left($l) if $l =~ /^(?:reg|schtasks|winget|choco|scoop|icacls|attrib|netsh|setx|msiexec|regsvr32|rundll32|mshta|wmic|taskkill|for|vssadmin)$/;
    return "chmod +x " . path_word($w[0]) . " 2>/dev/null; " . join " ", map { path_word($_) } @w if $w[0] =~ /[\\\/%]/ && $l !~ /^https?:/;
    $w[0] =~ s/\.exe$//i;
    return percent(join " ", @w);
}
sub batch { my $t = shift; $t =~ s/\r//g; $t =~ s/\^\n/ /g; join "", map { my $s = batch_line($_); $s eq "" ? "" : "$s\n" } map { split /\s+&&?\s+/ } split /\n/, $t }

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
elsif (@words && lc $words[0] =~ /^(?:-c|\/c|\/k)$/) { shift @words; $text = join " ", @words; @words = () }
elsif (@words && $kind eq "ps" && !-e $words[0]) {
    die "The argument \"$words[0]\" is not recognized as the name of a script file.\n" if $words[0] =~ /\.ps1$/i;
    $text = join " ", @words; @words = () }
if (@words) {
    my $file = shift @words; @rest = @words;
    if ($file eq "-") { local $/; $text = <STDIN> } else { open my $in, "<:raw", $file or die "$file: $!\n"; local $/; $text = <$in> }
    $text =~ s/\0//g if $text =~ s/^\xff\xfe//;
    $text =~ s/^\xef\xbb\xbf//;
}
$text //= "";
if (length $text > 262144) { $text = substr $text, 0, 262144; left("too long") }
my $made = $kind eq "sh" ? $text : $kind eq "ps" ? translate($text) : $kind eq "cmd" ? batch($text) : apple($text);
print STDERR "$_ : The term is not recognized on this platform.\n" for map { s/\n.*//sr } @left;
exec "bash", "-c", $made, "bash", @rest if $made ne "" && !@left;
system "bash", "-c", $made, "bash", @rest if $made ne "";
exit 125 if @left;
