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
            case '-h' '--host' '-P' '--port' '-u' '--user' '-S' '--socket' '--protocol' '-D' '--database' '--ssl-mode' '--ssl-ca' '--ssl-cert' '--ssl-key' '--server-public-key-path' '--connect-timeout' '--ssh' '--interval' '--watch-below' '--imminent-below' '--theme' '--lang' '--for' '--format' '--output' '--error-log' '--since' '--exec' '--match' '--rule' '--max' '--every' '--record' '--keep' '--recording' '--facts' '--save' '--listen' '--listen-cert' '--listen-key' '--listen-ca' '--listen-auth' '--max-series' '--max-viewers' '--defaults-file' '--defaults-extra-file' '--defaults-group-suffix' '--login-path' '--config' '--group'
                set skips 1
            case '-*'
            case demo snapshot watch kill explain advise replay exporter serve config docs schema completion manual
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
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -s 'h' -l host -x -a '(__fish_print_hostnames)' -d 'Server; absent or localhost is the Unix socket.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -s 'P' -l port -x -d 'Port; given by flag or DSN it makes localhost TCP.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -s 'u' -l user -x -d 'Account; your login name if not said.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -s 'p' -l password -d 'Password, glued to the flag; -p alone asks for it.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -s 'S' -l socket -r -F -d 'Unix socket file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l protocol -x -a 'TCP SOCKET' -d 'TCP or SOCKET, whatever the host.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -s 'D' -l database -x -d 'Default database of our connection.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssl-mode -x -a 'DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY' -d 'DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY; VERIFY_CA if --ssl-ca is given without it.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssl-ca -r -F -d 'Certificates of the authorities to trust.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssl-cert -r -F -d 'Our own certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssl-key -r -F -d 'The key of our own certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssl -d 'As --ssl-mode=REQUIRED; --skip-ssl as DISABLED.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssl-verify-server-cert -d 'As --ssl-mode=VERIFY_IDENTITY.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l enable-cleartext-plugin -d 'Send the password in clear inside TLS, also to a server that is not verified.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l get-server-public-key -d 'Without TLS, believe the public key that the server sends for the password.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l server-public-key-path -r -F -d 'Without TLS, the server\'s public key for the password.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l connect-timeout -x -d 'How long to wait for the server.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l ssh -x -a '(__fish_print_hostnames)' -d 'Go through this machine with the system\'s ssh; seen from it are host and socket.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l interval -x -d 'Time between two looks at the server.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l watch-below -x -d 'Sessions that close within this are to be watched.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l imminent-below -x -d 'Sessions that close within this are imminent.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l read-only -d 'Change nothing: no tuning, no kill.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l no-statements -d 'Never show or write SQL text.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l theme -x -d 'Colours: ansi-dark, ansi-light, atom-one-dark, atom-one-light, catppuccin-frappe, catppuccin-latte, catppuccin-macchiato, catppuccin-mocha, dracula, flexoki, gruvbox, monokai, nord, rose-pine, rose-pine-dawn, rose-pine-moon, solarized-dark, solarized-light, textual-dark, textual-light, tokyo-night.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo snapshot watch kill explain advise replay exporter serve config docs schema completion manual' -l lang -x -a 'en zh' -d 'The language: en, zh; the locale\'s if not said.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo serve' -l wall -d 'Large and calm, for a screen on a wall; nothing can be changed.'
complete -c goneaway-tui -n '__goneaway_tui_for demo serve' -l simulated -d 'No server at all: a made-up one; for serve too.'
complete -c goneaway-tui -n '__goneaway_tui_for demo watch kill advise' -l for -x -d 'Leave after this long; for watch, kill --every and advise too.'
complete -c goneaway-tui -n '__goneaway_tui_for snapshot' -l format -x -a 'json csv markdown html svg text' -d 'json, csv, markdown, html, svg, text; by the suffix of --output if not said, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l format -x -a 'text json' -d 'json, csv, markdown, html, svg, text; by the suffix of --output if not said, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l format -x -a 'text json markdown' -d 'json, csv, markdown, html, svg, text; by the suffix of --output if not said, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for advise' -l format -x -a 'json csv markdown html svg text' -d 'json, csv, markdown, html, svg, text; by the suffix of --output if not said, else json. explain, advise: text, json, markdown; kill: text, json.'
complete -c goneaway-tui -n '__goneaway_tui_for snapshot watch' -l output -r -F -d 'Where to write, watch at the file\'s end; - is standard output.'
complete -c goneaway-tui -n '__goneaway_tui_for ui watch explain exporter serve' -l error-log -r -F -d 'The server\'s error log, where it lies on this machine: it says why sessions ended.'
complete -c goneaway-tui -n '__goneaway_tui_for watch' -l since -x -d 'Begin with the sessions that ended so long ago, as far as the server\'s log tells.'
complete -c goneaway-tui -n '__goneaway_tui_for watch kill' -l exec -x -a '(__fish_complete_command)' -d 'A command to run for each departure, each open transaction about to be closed, and each session that is blocked; for kill, for each kill. The event is its input.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l match -x -d 'The filter of the sessions to kill, in the words of the screen\'s filter.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l rule -x -a '(__goneaway_tui_names "" rules)' -d 'The filter [rules.NAME] of the config file, instead of --match.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l query -d 'Kill the statement; the session stays.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l apply -d 'Kill. Without it nothing is killed.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l max -x -d 'If more sessions match in one pass, kill none of them.'
complete -c goneaway-tui -n '__goneaway_tui_for kill' -l every -x -d 'Repeat the pass, until stopped or for as long as --for says.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo watch' -l record -r -F -d 'Write a recording, for replay.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo watch' -l keep -x -d 'How much of it to keep: a time, or a size as in 500MiB.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l recording -r -F -d 'What --record wrote: explain looks up who left at the time.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l facts -r -F -d 'What a person pasted of SHOW VARIABLES, SHOW STATUS or \\s: it counts as the server\'s word.'
complete -c goneaway-tui -n '__goneaway_tui_for explain' -l verbose -d 'Report every error and all of every finding.'
complete -c goneaway-tui -n '__goneaway_tui_for advise' -l save -r -F -d 'Add what was counted to this file; advise reads it like a recording.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen -x -d 'Where it is to be asked, 127.0.0.1:9104 or 127.0.0.1:8104 unless told; 0.0.0.0 or [::] is anywhere.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-cert -r -F -d 'Speak TLS, with this certificate.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-key -r -F -d 'Its key.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-ca -r -F -d 'Let in whose certificate one of these authorities signed.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter serve' -l listen-auth -r -F -d 'Let in who knows the user:password in this file.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter' -l max-series -x -d 'The most series that name users and programs; the rest is added up as other.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter' -l print-rules -d 'Print alert rules for Prometheus, and leave.'
complete -c goneaway-tui -n '__goneaway_tui_for exporter' -l print-dashboard -d 'Print a dashboard for Grafana, and leave.'
complete -c goneaway-tui -n '__goneaway_tui_for serve' -l allow-changes -d 'Let those who look tune and kill too.'
complete -c goneaway-tui -n '__goneaway_tui_for serve' -l max-viewers -x -d 'How many may look at once; each is a connection to every server.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l defaults-file -r -F -d 'The only option file to read.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l defaults-extra-file -r -F -d 'An option file to read before ~/.my.cnf.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l defaults-group-suffix -x -d 'Read [client_x] too, for the suffix _x.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l no-defaults -d 'Read no option file but the login paths.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l login-path -x -d 'A login path of mysql_config_editor.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l no-login-paths -d 'Read no login path.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve config' -l config -r -F -d 'The config file to read.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -l group -x -a '(__goneaway_tui_names "" groups)' -d 'The servers of one group of the config file.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo snapshot watch kill explain advise replay exporter serve config docs schema completion manual' -s '?' -l help -d 'This text.'
complete -c goneaway-tui -n '__goneaway_tui_for ui demo snapshot watch kill explain advise replay exporter serve config docs schema completion manual' -s 'V' -l version -d 'The version.'
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill demo explain advise replay exporter serve' -l print-defaults -d 'Each value as it would be used, and where it came from.'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a demo -d 'a private server with a living workload, and the screen on it'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a snapshot -d 'what the screen would show, once, for a script or a colleague'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a watch -d 'what happens, as it happens: one JSON object a line'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a kill -d 'kills the sessions that match; without --apply it lists them'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a explain -d 'why connections were lost: reads the logs of clients and servers'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a advise -d 'which wait_timeout to set, by how long connections are idle'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a replay -d 'the screen on a recording: FILE is what --record wrote'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a exporter -d 'metrics for Prometheus, of one server or many'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a serve -d 'the screen in a browser, read-only unless told'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a config -d 'the config file: its path, its faults, a new one, its names'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a docs -d 'the pages of documentation; PAGE shows one'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a schema -d 'the JSON Schema of what a command writes'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a completion -d 'the completions for a shell'
complete -c goneaway-tui -n '__goneaway_tui_for ui' -a manual -d 'the manual page of a command, for man -l -'
complete -c goneaway-tui -n '__goneaway_tui_wants config' -a 'path show check init servers groups rules'
complete -c goneaway-tui -n '__goneaway_tui_wants docs' -a 'advise architecture blocking board browser comparison connecting ending-many explain exporter failures history index performance privileges recording scripting servers tuning versions'
complete -c goneaway-tui -n '__goneaway_tui_wants schema' -a 'snapshot watch kill explain advise'
complete -c goneaway-tui -n '__goneaway_tui_wants completion' -a 'bash zsh fish'
complete -c goneaway-tui -n '__goneaway_tui_wants manual' -a 'demo snapshot watch kill explain advise replay exporter serve config docs schema completion manual'
complete -c goneaway-tui -n '__goneaway_tui_for explain advise replay' -F
complete -c goneaway-tui -n '__goneaway_tui_for ui snapshot watch kill explain advise exporter serve' -a '(__goneaway_tui_names @ servers)'
