# fish completion of goneaway-tui. Made by: goneaway-tui completion fish
function __goneaway_tui_said # the command, and the word behind it
    set -l words (commandline -opc)
    set -e words[1]
    set -l said
    set -l skips
    for word in $words
        if set -q skips[1]
            set -e skips[1]
            continue
        end
        switch $word
            case '-h' '--host' '-P' '--port' '-u' '--user' '-S' '--socket' '--protocol' '-D' '--database' '--ssl-mode' '--ssl-ca' '--ssl-cert' '--ssl-key' '--server-public-key-path' '--connect-timeout' '--ssh' '--interval' '--watch-below' '--imminent-below' '--theme' '--lang' '--for' '--format' '-o' '--output' '--error-log' '--since' '--exec' '--match' '--rule' '--max' '--every' '--record' '--keep' '--recording' '--facts' '--save' '--listen' '--listen-cert' '--listen-key' '--listen-ca' '--listen-auth' '--max-series' '--max-viewers' '--defaults-file' '--defaults-extra-file' '--defaults-group-suffix' '--login-path' '--config' '--group'
                set skips 1
            case '-*'
            case demo snapshot watch kill explain advise replay exporter serve doctor-bundle config docs schema completion manual
                set said $said $word
            case '*'
                set -q said[1]; and set said $said $word
        end
    end
    set -q said[1]; or set said ui
    string join \n -- $said
end

function __goneaway_tui_for -d 'Whether the command is one of these'
    contains -- (__goneaway_tui_said)[1] $argv
end

function __goneaway_tui_wants -d 'Whether this command still wants its word'
    set -l said (__goneaway_tui_said)
    test "$said[1]" = $argv[1]; and not set -q said[2]
end

function __goneaway_tui_names -d 'Names in the config file, each after $argv[1]'
    set -l words (commandline -opc)
    set -l config
    for i in (seq (count $words))
        switch $words[$i]
            case --config
                set -q words[(math $i + 1)]; and set config --config=$words[(math $i + 1)]
            case '--config=*'
                set config $words[$i]
        end
    end
    for name in ($words[1] config $argv[2] $config 2>/dev/null </dev/null)
        echo $argv[1]$name
    end
end

complete -c goneaway-tui -f
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -s 'h' -l host -x -a '(__fish_print_hostnames)' -d 'Host name or address. Without it, or with localhost, the Unix socket is used.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -s 'P' -l port -x -d 'Port. Given by flag or DSN, localhost is connected by TCP.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -s 'u' -l user -x -d 'User name. By default, your login name.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -s 'p' -l password -d 'Password, directly after the flag. -p alone prompts for it.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -s 'S' -l socket -r -F -d 'Unix socket file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l protocol -x -a 'TCP SOCKET' -d 'TCP or SOCKET, whatever the host.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -s 'D' -l database -x -d 'Default database of the connection.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssl-mode -x -a 'DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' -d 'DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY. VERIFY_CA if only --ssl-ca is given.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssl-ca -r -F -d 'CA certificates to trust.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssl-cert -r -F -d 'Client certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssl-key -r -F -d 'Private key of the client certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssl -d 'Same as --ssl-mode=REQUIRED. --skip-ssl is the same as DISABLED.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssl-verify-server-cert -d 'Same as --ssl-mode=VERIFY_IDENTITY.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l enable-cleartext-plugin -d 'Inside TLS, send the password in clear text even to a server that is not verified.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l get-server-public-key -d 'Without TLS, trust the public key that the server sends to encrypt the password.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l server-public-key-path -r -F -d 'File with the server\'s public key, to encrypt the password without TLS.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l connect-timeout -x -d 'Connection timeout.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l ssh -x -a '(__fish_print_hostnames)' -d 'Connect through an ssh tunnel to this machine. Host and socket are as seen from there.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l interval -x -d 'Time between two samples.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l watch-below -x -d 'Mark sessions that close within this time as watch.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l imminent-below -x -d 'Mark sessions that close within this time as imminent.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l read-only -d 'Change nothing: no tuning, no kill.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l no-statements -d 'Never show or write SQL text.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l theme -x -d 'Colour theme: ansi-dark, ansi-light, atom-one-dark, atom-one-light, catppuccin-frappe, catppuccin-latte, catppuccin-macchiato, catppuccin-mocha, dracula, flexoki, gruvbox, monokai, nord, rose-pine, rose-pine-dawn, rose-pine-moon, solarized-dark, solarized-light, textual-dark, textual-light, tokyo-night.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo snapshot watch kill explain advise replay exporter serve doctor-bundle config docs schema completion manual' -l lang -x -a 'en zh' -d 'Language: en, zh. By default, the language of the locale.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo serve' -l wall -d 'Large text for a screen on the wall. Nothing can be changed.'
complete -c goneaway-tui -n '__goneaway_tui_for demo serve' -l simulated -d 'Simulate a server instead of starting one. Also for serve.'
complete -c goneaway-tui -n '__goneaway_tui_for demo watch kill advise' -l for -x -d 'Exit after this time. Also for watch, kill --every and advise.'
complete -c goneaway-tui -n '__goneaway_tui_for snapshot' -l format -x -a 'json csv markdown html svg text' -d 'json, csv, markdown, html, svg, text. By default, the suffix of --output decides, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l format -x -a 'text json' -d 'json, csv, markdown, html, svg, text. By default, the suffix of --output decides, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l format -x -a 'text json markdown' -d 'json, csv, markdown, html, svg, text. By default, the suffix of --output decides, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for advise' -l format -x -a 'json csv markdown html svg text' -d 'json, csv, markdown, html, svg, text. By default, the suffix of --output decides, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for snapshot watch doctor-bundle' -s 'o' -l output -r -F -d 'Output file; - is standard output. watch appends to the file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui watch explain exporter serve' -l error-log -r -F -d 'File of the server\'s error log on this machine. It shows why sessions ended.'
complete -c goneaway-tui -n '__goneaway_tui_for watch' -l since -x -d 'First report the sessions that ended in this time before the start, from the server\'s log.'
complete -c goneaway-tui -n '__goneaway_tui_for watch kill' -l exec -x -a '(__fish_complete_command)' -d 'Run this command for each departure, each open transaction about to be closed, and each blocked session; with kill, for each kill. It reads the event from standard input.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l match -x -d 'Filter of the sessions to kill, written as on the screen.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l rule -x -a '(__goneaway_tui_names "" rules)' -d 'Use the filter [rules.NAME] of the config file instead of --match.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l query -d 'Kill only the statement; the session stays.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l apply -d 'Kill the sessions. Without this flag, nothing is killed.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l max -x -d 'If more sessions match in one pass, kill none of them.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l every -x -d 'Repeat the pass at this interval, until interrupted or for the time of --for.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo watch' -l record -r -F -d 'Write a recording to this file, for replay.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo watch' -l keep -x -d 'How much of the recording to keep: a time, or a size such as 500MiB.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l recording -r -F -d 'Recording written by --record. explain finds in it the sessions that ended.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l facts -r -F -d 'File with pasted output of SHOW VARIABLES, SHOW STATUS or \\s. It counts as reported by the server.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l verbose -d 'Report every error, and every finding in full.'
complete -c goneaway-tui -n '__goneaway_tui_for advise' -l save -r -F -d 'Add the measured idle times to this file. advise reads it like a recording.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen -x -d 'Address to listen on. Default 127.0.0.1:9104 for exporter, 127.0.0.1:8104 for serve; 0.0.0.0 or [::] is every address.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-cert -r -F -d 'Use TLS with this certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-key -r -F -d 'Private key of the certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-ca -r -F -d 'Require a client certificate signed by one of these CAs.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-auth -r -F -d 'Require the user:password in this file.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter' -l max-series -x -d 'Maximum number of series with user and program names. The rest is summed as other.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter' -l print-rules -d 'Print alert rules for Prometheus, and exit.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter' -l print-dashboard -d 'Print a dashboard for Grafana, and exit.'
complete -c goneaway-tui -n '__goneaway_tui_for serve' -l allow-changes -d 'Allow viewers to tune and kill.'
complete -c goneaway-tui -n '__goneaway_tui_for serve' -l max-viewers -x -d 'Maximum number of viewers. Each viewer opens a connection to every server.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l defaults-file -r -F -d 'Read only this option file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l defaults-extra-file -r -F -d 'Read this option file before ~/.my.cnf.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l defaults-group-suffix -x -d 'Also read the groups with this suffix: [client_x] for _x.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l no-defaults -d 'Read no option file except the login paths.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l login-path -x -d 'Use this login path of mysql_config_editor.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l no-login-paths -d 'Read no login paths.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle config' -l config -r -F -d 'Read this config file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -l group -x -a '(__goneaway_tui_names "" groups)' -d 'Connect to the servers of this group in the config file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo snapshot watch kill explain advise replay exporter serve doctor-bundle config docs schema completion manual' -s '?' -l help -d 'Show this help.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo snapshot watch kill explain advise replay exporter serve doctor-bundle config docs schema completion manual' -s 'V' -l version -d 'Show the version.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve doctor-bundle' -l print-defaults -d 'Show the value of each option, and where it comes from.'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a demo -d 'start a private server with a workload, and show it'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a snapshot -d 'write what the screen would show, once, for a script'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a watch -d 'write events as they happen: one JSON object a line'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a kill -d 'kill the sessions that match; without --apply, list them'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a explain -d 'explain why connections were lost, from logs'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a advise -d 'recommend a wait_timeout, by how long connections are idle'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a replay -d 'show a recording on the screen; --record writes FILE'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a exporter -d 'serve metrics for Prometheus, of one server or many'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a serve -d 'show the screen in a browser; read-only without --allow-changes'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a doctor-bundle -d 'write a zip file for an issue, without names and SQL'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a config -d 'show, check or create the config file'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a docs -d 'list the pages of documentation, or show one'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a schema -d 'print the JSON Schema of the JSON that a command writes'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a completion -d 'print the completions for a shell'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a manual -d 'print the manual page of a command, for man -l -'
complete -c goneaway-tui -n '__goneaway_tui_wants config' -a 'path show check init servers groups rules'
complete -c goneaway-tui -n '__goneaway_tui_wants docs' -a 'advise architecture blocking board browser comparison connecting ending-many explain exporter failures history index performance privileges recording scripting servers tuning versions'
complete -c goneaway-tui -n '__goneaway_tui_wants schema' -a 'snapshot watch kill explain advise'
complete -c goneaway-tui -n '__goneaway_tui_wants completion' -a 'bash zsh fish'
complete -c goneaway-tui -n '__goneaway_tui_wants manual' -a 'demo snapshot watch kill explain advise replay exporter serve doctor-bundle config docs schema completion manual'
complete -c goneaway-tui -n '__goneaway_tui_for explain advise replay' -F
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve doctor-bundle' -a '(__goneaway_tui_names @ servers)'
