"""The config file: what it gives, whom it overrules, and how its faults are told."""

from __future__ import annotations

import re

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import (
    FileContent,
    InfoAnswer,
    PasswordCommand,
    Settings,
    Transport,
    config_reader,
    resolve,
    resolve_each,
)
from goneaway_tui.settings.bindings import BINDINGS
from goneaway_tui.settings.config_file import example_config
from goneaway_tui.settings.config_reader import SERVER_OPTIONS
from tests.unit.settings.asking import (
    CONFIG,
    IN_CONFIG,
    Paper,
    answer,
    client,
    complaint,
    environment,
    settings,
    value,
)

TWO = """\
interval = 2
watch_below = "20m"

[servers.prod-db1]
host = "db1"
port = 3307
user = "dba"
password_command = ["pass", "db1"]
ssl_mode = "VERIFY_IDENTITY"
color = "red"
read_only = true
interval = 0.5
group = "prod"

[servers.dev]
socket = "/run/dev.sock"
no-statements = true

[groups]
all = ["dev", "prod-db1"]

[keys]
kill = "K"
doctor = "d, f2"
tune = ["t", "ctrl+t"]
"""


def test_a_server_is_taken_by_its_name() -> None:
    found = settings("@prod-db1", config=TWO)

    assert (found.profile, found.color, found.read_only, found.interval) == ("prod-db1", "red", True, 0.5)
    assert (found.connection.host, found.connection.port) == ("db1", 3307)
    assert found.watch_below == 1200
    assert found.origins["read_only"] == f"{IN_CONFIG} 11"
    assert found.origins["watch_below"] == f"{IN_CONFIG} 2"
    assert found.keys == {"board.kill": "K", "board.doctor": "d,f2", "board.tune": "t,ctrl+t"}


def test_without_a_name_only_what_holds_for_all_counts() -> None:
    found = settings(config=TWO)

    assert (found.profile, found.color, found.read_only, found.interval) == (None, None, False, 2)
    assert found.connection.host is None


def test_a_demo_takes_what_holds_for_all() -> None:
    assert settings("demo", config=TWO).interval == 2


@pytest.mark.parametrize(
    ("line", "env", "file", "interval", "user"),
    [
        ("@prod-db1 --interval 9 -u root", {}, client("user=x"), 9, "root"),
        ("@prod-db1", {"GONEAWAY_INTERVAL": "9"}, client("user=x"), 9, "dba"),
        ("@prod-db1", {}, client("user=x"), 0.5, "dba"),
        ("@dev", {}, client("user=x"), 2, "x"),
        ("", {"GONEAWAY_INTERVAL": "9"}, None, 9, "dba"),
    ],
)
def test_config_file_overrides_option_files_and_the_environment_overrides_it(
    line: str, env: dict[str, str], file: str | None, interval: float, user: str
) -> None:
    found = settings(line, env, file, config=TWO)

    assert (interval, user) == (found.interval, found.connection.user)


def test_a_variable_that_leads_elsewhere_is_warned_of() -> None:
    found = settings("@prod-db1", {"MYSQL_HOST": "db9"}, config=TWO)

    assert found.connection.host == "db9"
    assert found.warnings == (
        f"MYSQL_HOST overrides the host of {IN_CONFIG} 5; unset the variable if this is not intended",
    )


@pytest.mark.parametrize(
    ("text", "host", "socket", "transport"),
    [
        ('host = "localhost"\nport = 3307', "localhost", None, Transport.TCP),
        ('host = "db1"\nsocket = "/s"', None, "/s", Transport.SOCKET),
        ('host = "localhost"\nprotocol = "tcp"', "localhost", None, Transport.TCP),
        ('host = "db1"', "db1", None, Transport.TCP),
    ],
)
def test_what_it_says_of_host_and_socket_is_deliberate(
    text: str, host: str | None, socket: str | None, transport: Transport
) -> None:
    reached = settings("@a", file=client("socket=/other"), config=f"[servers.a]\n{text}").connection

    assert (host, socket or reached.socket, transport) == (reached.host, reached.socket, reached.transport)


def test_a_password_may_come_from_a_program() -> None:
    found = settings("@prod-db1", file=client("password=weaker"), config=TWO)
    command = found.connection.password

    assert command == PasswordCommand(("pass", "db1"), f"{IN_CONFIG} 8: password_command")
    assert not found.connection.ask_password
    assert "password = (from pass)" in answer("@prod-db1 --print-defaults", config=TWO)
    assert value(settings("@prod-db1 -px", config=TWO), "password") == "x"
    assert value(settings("@prod-db1", {"MYSQL_PWD": "x"}, config=TWO), "password") == "x"
    assert settings("@prod-db1 -p", config=TWO).connection.ask_password


def test_several_servers_are_each_resolved() -> None:
    files: Paper = {str(CONFIG): TWO}

    for line in (["@dev", "@prod-db1"], ["--group", "all"], ["--group=all", "@dev"]):
        told = resolve_each(line, environment(files=files))
        assert isinstance(told, tuple)
        assert [each.profile for each in told] == ["dev", "prod-db1"]
        with pytest.raises(SettingsError, match="only one server can be used here, but several are named"):
            resolve(line, environment(files=files))
    assert settings("--group prod", config=TWO).profile == "prod-db1"


def test_a_dsn_is_a_server_of_its_own() -> None:
    told = resolve_each(["@dev", "mysql://db7/", "-u", "root"], environment(files={str(CONFIG): TWO}))

    assert isinstance(told, tuple)
    assert [(each.profile, each.connection.host, each.connection.user) for each in told] == [
        ("dev", None, "root"),
        (None, "db7", "root"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("intervall = 1", "line 1: there is no key 'intervall'; did you mean interval?"),
        ('\nhost = "db1"', "line 2: there is no key 'host'; write it below [servers.NAME]"),
        ("zzz = 1", "line 1: there is no key 'zzz'; goneaway-tui config init lists all keys"),
        ("[server.a]", "line 1: there is no key 'server'; did you mean servers?"),
        ("[servers.a]\n\nreadonly = 1", "line 3: there is no key 'readonly'; did you mean read_only?"),
        ("[servers.a]\npasswordcommand = 1", "line 2: there is no key 'passwordcommand'; did you mean password_command?"),
        ("[servers.a]\nport = 99999", "line 2: port: not a port: '99999'; a port is a number from 1 to 65535"),
        ("[servers.a]\nport = [1]", "line 2: port needs a single value; write port = ..."),
        ("interval = 1979-05-27", "line 1: interval needs a single value; write interval = ..."),
        ("read_only = 'maybe'", "line 1: read_only: not a yes or no: 'maybe'; write 1 or 0"),
        ("interval = nan", "line 1: interval: not a duration: 'nan'; write it like 90, 90s, 10m, 1h30m, 8h or 1y"),
        ("servers = 1", "line 1: 'servers' is not a table; write [servers...] above it"),
        ("servers.a = 1", "line 1: 'servers.a' is not a table; write [servers...] above it"),
        ("[servers.'a b']", "line 1: not a valid server name: 'a b'; use only letters, digits, _, - and ."),
        ("[servers.a]\nuser = 'x'\npassword_command = 'pass db1'",
         'line 3: not a list of strings; write password_command = ["pass", "db1"] (no shell splits the words)'),
        ("[servers.a]\npassword_command = []",
         'line 2: not a list of strings; write password_command = ["pass", "db1"] (no shell splits the words)'),
        ("[servers.a]\npassword_command=['x']\npassword='y'", "line 1: password is set twice; set it once"),
        ("[servers.a]\npassword_command=['x']\npassword_keyring='y'", "line 1: password is set twice; set it once"),
        ("[servers.a]\npassword_keyring=1",
         'line 2: not a service name of the keyring; write password_keyring = "goneaway-tui"'),
        ("[servers.a]\nssl_mode='VERIFY_CA'\nssl-mode='DISABLED'", "line 1: ssl_mode is set twice; set it once"),
        ("[servers.a]\ncolor = '\\u001b[31m'", 'line 2: not a colour; write color = "red", or "#c04040"'),
        ("[servers.a]\ngroup = 5", 'line 2: not a name; write group = "..."'),
        ("[servers.prod]\n[groups]\nx = ['prd']", "line 3: there is no server 'prd'; did you mean prod?"),
        ("[groups]\nx = ['zz']", "line 2: there is no server 'zz'; add [servers.NAME]"),
        ("[groups]\nx = 'prod'", 'line 2: not a list of names; write x = ["..."]'),
        ("[servers.a]\n[groups]\n\"x\\u001b\" = ['a']", "line 3: not a valid group name: 'x\\x1b'; use only letters, digits, _, - and ."),
        ("[keys]\n'K L' = 'k'", "line 2: no action has the id 'K L'; goneaway-tui config init lists the actions"),
        ("[keys]\nboard.kil = 'K'", "line 2: no action has the id 'board.kil'; did you mean board.kill?"),
        ("[keys]\nkill = 'control+'", "line 2: not a key: 'control+'; write it like \"w\", \"f2\" or \"ctrl+w\""),
        ("[keys]\nkill = 'k'\ntune = 'k'", "line 3: board.tune and board.kill have the same key 'k'; give each action its own key"),
        ("[keys]\n'board.kill' = 'w'",
         "line 2: board.kill and tune.wait_timeout have the same key 'w'; give each action its own key"),
        ("[keys]\nkill = 'q'", "line 2: board.kill and board.quit have the same key 'q'; give each action its own key"),
        ("[keys]\nkill = '?'", "line 2: board.kill and board.help have the same key '?'; give each action its own key"),
        ("[keys]\nkill = 'ctrl+p'",
         "line 2: board.kill and app.palette have the same key 'ctrl+p'; give each action its own key"),
        ("[keys]\nkill = 'f5,enter'",
         "line 2: board.kill and table.choose have the same key 'enter'; give each action its own key"),
        ("[keys]\n'replay.jump' = 'k'",
         "line 2: replay.jump and board.kill have the same key 'k'; give each action its own key"),
        ("a = ", 'line 1: not TOML: invalid value; write key = "value"'),
        ("a = 1\n\nb", "line 3: not TOML: expected '=' after a key in a key/value pair; write key = \"value\""),
        ("interval = 1\ninterval = 2", 'line 2: not TOML: cannot overwrite a value; write key = "value"'),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_its_line_and_a_suggestion(text: str, expected: str) -> None:
    place = IN_CONFIG.removesuffix(" line")

    assert complaint(config=text).removeprefix(place).lstrip(" ,") == expected


@pytest.mark.parametrize("key", ["a" * 3000, "\\u001b[2J", "\\u202e"])
@pytest.mark.parametrize("table", ["servers", "groups", "keys", "servers.a", "x"])
def test_a_fault_stays_one_line_whatever_the_key(key: str, table: str) -> None:
    assert len(complaint(config=f'[{table}]\n"{key}" = 5')) < 700


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("@prod-db2", "config.toml has no server 'prod-db2'; did you mean prod-db1?"),
        ("@zz", "config.toml has no server 'zz'; known names: prod-db1, dev"),
        ("--group prd", "config.toml has no group 'prd'; did you mean prod?"),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest(line: str, expected: str) -> None:
    assert complaint(line, config=TWO).endswith(expected)


def test_a_password_in_a_file_that_others_may_read_is_refused() -> None:
    text = b"[servers.a]\npassword = 'hunter2'"

    found = resolve(["@a"], environment(files={str(CONFIG): FileContent(text, 0o100600)}))
    assert isinstance(found, Settings)
    assert value(found, "password") == "hunter2"
    with pytest.raises(
        SettingsError, match="line 2: the file holds a password, but other users can read the file"
    ) as caught:
        resolve(["@a"], environment(files={str(CONFIG): FileContent(text, 0o100640)}))
    assert "hunter2" not in caught.value.line


def test_another_file_may_be_named() -> None:
    files: Paper = {"/x.toml": "interval = 7", "/y.toml": "interval = 8", str(CONFIG): "interval = 9"}

    for line, env, interval in (
        (["--config", "/x.toml"], {}, 7),
        (["--config=/x.toml"], {"GONEAWAY_CONFIG": "/y.toml"}, 7),
        ([], {"GONEAWAY_CONFIG": "/y.toml"}, 8),
        ([], {}, 9),
    ):
        found = resolve(line, environment(env, files))
        assert isinstance(found, Settings)
        assert interval == found.interval


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"# \xff\n", "line 1: not UTF-8; save it as UTF-8"),
        (b"a = 1\n# \xff\n", "line 2: not UTF-8; save it as UTF-8"),
        (b"#" * 300_000, "is longer than 256 KiB; name a config file with --config"),
        (b"a = " + b"[" * 100_000, 'not TOML: nested too deep, or a number is too long; write key = "value"'),
        (b"a = " + b"1" * 5000, 'not TOML: nested too deep, or a number is too long; write key = "value"'),
    ],
    ids=["first line", "second line", "too long", "too deep", "too many digits"],
)  # fmt: skip
def test_what_is_no_config_file_is_one_line(data: bytes, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve([], environment(files={str(CONFIG): data}))

    assert caught.value.line.removeprefix("~/.config/goneaway-tui/config.toml").lstrip(" :") == expected


# --- config path | show | check | init


def test_config_path_prints_the_path() -> None:
    assert answer("config path") == f"{CONFIG}\n"
    assert answer("config path --config /x.toml") == "/x.toml\n"


def faults(config: str) -> tuple[str, ...]:
    told = resolve(["config", "check"], environment(files={str(CONFIG): config}))
    assert isinstance(told, InfoAnswer)
    assert all(line.isprintable() for line in told.faults)
    return tuple(line.replace(f"{IN_CONFIG} ", "") for line in told.faults)


def test_a_right_config_file_is_confirmed() -> None:
    assert answer("config check", config=TWO) == (
        "~/.config/goneaway-tui/config.toml is valid: 2 servers, 2 groups, 3 keys\n"
    )
    assert complaint("config check").startswith("there is no config file ")


def test_every_fault_is_reported_by_its_line_with_a_suggestion() -> None:
    text = """\
intervall = 1
watch_below = "often"

[servers.prod]
hosst = "db1"
port = 99999
color = "purpel"
read_only = true

[servers."a b"]
readonly = true

[groups]
all = ["prd"]

[keys]
kill = "k"
tune = "k"
"""

    assert faults(text) == (
        "1: there is no key 'intervall'; did you mean interval?",
        "2: watch_below: not a duration: 'often'; write it like 90, 90s, 10m, 1h30m, 8h or 1y",
        "5: there is no key 'hosst'; did you mean host?",
        "6: port: not a port: '99999'; a port is a number from 1 to 65535",
        "7: not a colour; did you mean purple?",
        "10: not a valid server name: 'a b'; use only letters, digits, _, - and .",
        "11: there is no key 'readonly'; did you mean read_only?",
        "14: there is no server 'prd'; did you mean prod?",
        "18: board.tune and board.kill have the same key 'k'; give each action its own key",
    )


def test_only_the_first_fault_of_invalid_toml_is_reported() -> None:
    assert faults("a = \nb = ") == ('1: not TOML: invalid value; write key = "value"',)


def test_what_does_not_go_together_is_found_too() -> None:
    text = "watch_below = 60\n[servers.a]\nhost='db1'\nprotocol='socket'\n[servers.b]\nimminent_below='2m'"

    another_machine, more_than = faults(text)

    assert another_machine.startswith("the host (3) is another machine")
    assert more_than.startswith("imminent_below (120 s, 6) is more than watch_below (60 s, 1)")


def test_a_password_may_be_asked_for_each_time() -> None:
    prompted = "[servers.a]\npassword_prompt = true"

    assert settings("@a", config=prompted).connection.ask_password
    assert "password = (asked at the terminal)" in answer("config show", config=prompted)
    assert faults("[servers.a]\npassword_prompt = 'x'") == (
        "2: the value is not true; write password_prompt = true, or remove the key",
    )


def test_what_it_comes_to_is_shown_without_its_secrets() -> None:
    assert (
        answer("config show", config=TWO + "[servers.x]\npassword = 'hunter2'")
        == f"""\
# ~/.config/goneaway-tui/config.toml
interval = 2  # {IN_CONFIG} 1
watch_below = 1200  # {IN_CONFIG} 2

[servers.prod-db1]
host = db1  # {IN_CONFIG} 5
port = 3307  # {IN_CONFIG} 6
user = dba  # {IN_CONFIG} 7
password = (from pass)  # {IN_CONFIG} 8
ssl_mode = VERIFY_IDENTITY  # {IN_CONFIG} 9
read_only = true  # {IN_CONFIG} 11
interval = 0.5  # {IN_CONFIG} 12
color = red

[servers.dev]
socket = /run/dev.sock  # {IN_CONFIG} 16
statements = false  # {IN_CONFIG} 17

[servers.x]
password = ****  # {IN_CONFIG} 27

[groups]
all = "dev prod-db1"
prod = prod-db1

[keys]
board.kill = K
board.doctor = d,f2
board.tune = t,ctrl+t
"""
    )


def test_the_example_is_all_comment_and_all_of_it_works() -> None:
    lines = example_config().splitlines()
    bare = [line[1:] for line in lines if line.startswith("#") and not line.startswith("# ")]

    assert all(line.startswith("#") or not line for line in lines)
    assert settings(config=example_config()).origins["interval"] == "default"
    bare.remove('password_keyring = "SERVICE"')  # more than one way to one password would be too many
    bare.remove("password_prompt = true")
    assert settings("@prod-db1", config="\n".join(bare)).read_only
    named = {line.partition(" = ")[0].replace("_", "-") for line in bare}
    assert {*SERVER_OPTIONS} - {"password", "ssl", "ssl-verify-server-cert"} <= named


def test_the_example_goes_to_the_file() -> None:
    told = resolve(["config", "init"], environment())

    assert not isinstance(told, Settings)
    assert (told.file, told.text) == (CONFIG, example_config())


@pytest.mark.parametrize(
    "said",
    [
        "'board.kill' = 'w'\n'tune.wait_timeout' = 'k'",  # changed places
        "'ledger.sort' = 'k'",  # the board's key, and not the ledger's
        "'board.sort' = 'o,x'\n'board.only' = 'n'\n'ledger.sort' = 'x'",
    ],
)
def test_keys_that_meet_on_no_screen_are_right(said: str) -> None:
    assert settings("-h db1", config=f"[keys]\n{said}\n").keys


@pytest.mark.parametrize("said", ["kill = 'K'", "board.kill = 'K'", "'board.kill' = 'K'"])
def test_a_key_is_given_by_the_id_of_what_it_does_or_the_end_of_it(said: str) -> None:
    assert {"board.kill": "K"} == settings("-h db1", config=f"[keys]\n{said}\n").keys


def test_the_file_to_begin_with_names_nothing_that_is_not() -> None:
    assert "None" not in example_config()
    assert set(BINDINGS) <= set(re.split(r"[#,\s]+", example_config()))


@pytest.mark.parametrize(
    ("mode", "is_ours", "is_refused"),
    [
        (0o100600, True, False),
        (0o100644, True, False),
        (0o100664, True, True),
        (0o100646, True, True),
        (0o100600, False, True),
        (0o010600, True, False),
        (0o010660, True, False),
        (0o010666, True, True),
        (0o010600, False, True),
        (0o020620, True, False),
        (0o020620, False, True),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        '[servers.db1]\nhost = "db1"\npassword_command = ["pass", "db1"]\n',
        '[rules.leaky]\nmatch = "program:leaky-worker"\n',
    ],
)
def test_no_command_and_no_rule_is_taken_that_another_user_could_have_written(
    mode: int,
    is_ours: bool,  # noqa: FBT001
    is_refused: bool,  # noqa: FBT001
    text: str,
) -> None:
    content = FileContent(text.encode(), mode, is_ours=is_ours)
    config, faults = config_reader.find_faults(text, "config.toml", is_private=True, is_safe=content.is_safe)

    assert not (is_refused and config.rules)
    assert is_refused == any("another user can write" in fault.line for fault in faults)
    assert len(faults) == is_refused


# --- Rules to kill by

RULES = """\
never_kill = ["root", "backup@10.0.0.7"]

[servers.prod-db1]
host = "db1"
never_kill = ["etl"]

[rules.leaky]
match = "program:leaky-worker idle>10m -trx:yes"
max = 20

[rules.slow]
match = "running>1h command:query"
query = true
"""


def test_a_rule_has_a_filter_a_bound_and_what_it_kills() -> None:
    leaky, slow = (settings(f"kill @prod-db1 --rule {name}", config=RULES) for name in ("leaky", "slow"))

    assert ("program:leaky-worker idle>10m -trx:yes", 20, False) == (
        leaky.match,
        leaky.max_kills,
        leaky.query,
    )
    assert ("running>1h command:query", 100, True) == (slow.match, slow.max_kills, slow.query)
    assert ("root", "backup@10.0.0.7", "etl") == leaky.never_kill
    assert ["leaky", "slow"] == [*leaky.rules]
    assert "[rules.leaky] of ~/.config/goneaway-tui/config.toml" == leaky.origins["match"]
    assert "leaky\nslow\n" == answer("config rules", config=RULES)


def test_a_flag_overrules_the_rule() -> None:
    leaky = settings("kill --rule leaky --max 3 --query", config=RULES)

    assert (3, True) == (leaky.max_kills, leaky.query)
    assert ("root", "backup@10.0.0.7") == leaky.never_kill


@pytest.mark.parametrize(
    ("rule", "line", "words"),
    [
        ("max = 3", 1, "the rule has no filter; write match ="),
        ("match = 3", 2, "the rule has no filter"),
        ('match = ""', 2, "the filter has no condition"),
        ('match = "usr:shop"', 2, "there is no field usr"),
        ('match = "-user:root"', 2, "matches every session"),
        ('match = "user~(a+)+"', 2, "repeats a group"),
        ('match = "user~["', 2, "is not a regular expression"),
        ('match = "user:a"\nmax = 0', 3, "not a number in range; write max = 100"),
        ('match = "user:a"\nmax = true', 3, "not a number in range"),
        ('match = "user:a"\nmax = "9"', 3, "not a number in range"),
        ('match = "user:a"\nquery = 1', 3, "not true or false; write query = true"),
        ('match = "user:a"\nmacth = "b"', 3, "a rule has no key 'macth'; did you mean match?"),
    ],
)
def test_a_bad_rule_is_one_line(rule: str, line: int, words: str) -> None:
    said = complaint("kill --rule r", config=f"[rules.r]\n{rule}")

    assert said.startswith(f"{IN_CONFIG} {line}: ")
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('[rules."a b"]\nmatch = "user:x"', "not a valid rule name"),
        ("rules = 3", "'rules' is not a table"),
        ("[rules]\nr = 3", "'rules.r' is not a table"),
        ('never_kill = "root"', 'not a list of names; write never_kill = ["..."]'),
        ("never_kill = [3]", "not a name"),
        ('[servers.a]\nnever_kill = ""', "not a list of names"),
    ],
)
def test_what_is_no_rule_and_no_account_is_reported(config: str, words: str) -> None:
    assert words in complaint("kill --match user:x", config=config)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kill", "kill needs a filter; write --match FILTER, or --rule NAME"),
        ("kill --match user:a --rule leaky", "kill takes one filter, but two are given"),
        ("kill --rule leeky", "has no rule 'leeky'; did you mean leaky?"),
        ("kill --match user:a --for 3", "--for works only with --every"),
        ("kill --match user:a --format csv", "--format=csv cannot be used with kill; use one of text, json"),
        ("kill --match user:a --max 0", "--max: not a number in range"),
        ("kill --match user:a --every 0", "--every: out of range"),
        ("kill --match usr:a", "--match: not a filter for kill: 'usr:a'; there is no field usr"),
        ("watch --match user:a", "--match cannot be used with watch"),
    ],
)
def test_kill_says_what_does_not_go_together(line: str, words: str) -> None:
    assert words in complaint(line, config=RULES)


def test_kill_writes_text_unless_told() -> None:
    assert "text" == settings("kill --match user:a").format
    assert "json" == settings("kill --match user:a --format json").format
    assert ("user:a", 100, False, False, None) == (
        (found := settings("kill --match user:a")).match,
        found.max_kills,
        found.query,
        found.apply,
        found.every,
    )
