"""The program from outside: what it prints, what it leaves behind, and with which code it ends."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

PROGRAM = os.environ.get("LAMPLINE_BIN", "")
PATIENCE = 30  # seconds; a sanitized start on a busy machine

OK, FAILURE, USAGE, BAD_CONFIG, DATABASE, CANNOT_BIND = range(6)


def environment(**variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LAMPLINE_")}
    return {**clean, **variables}


def lampline(*arguments, **variables):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, env=environment(**variables))


class Serving:
    """`lampline serve` on free ports until the end of the block."""

    def __init__(self, data, *flags):
        self.command = [PROGRAM, "serve", "--data", str(data), "--domain", "office.test", "--sip", "udp:127.0.0.1:0",
                        "--sip", "tcp:127.0.0.1:0", "--http", "127.0.0.1:0", *map(str, flags)]
        self.sip = {}
        self.http = None

    def __enter__(self):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env=environment())
        for line in self.process.stdout:
            if match := re.fullmatch(r"listening sip (udp|tcp) 127\.0\.0\.1:(\d+)\n", line):
                self.sip[match[1]] = int(match[2])
            elif match := re.fullmatch(r"listening http (127\.0\.0\.1:\d+)\n", line):
                self.http = match[1]
                return self
        raise AssertionError(f"the server ended at start: {self.stderr()}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read()

    def get(self, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://{self.http}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lampline-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = self.folder / "data"

    def ends(self, result, code):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def seeded(self):
        return self.ends(lampline("seed", "demo", "--data", self.data, "--domain", "office.test"), OK).stdout

    # What it prints

    def test_version_and_help_go_to_standard_output(self):
        self.assertRegex(self.ends(lampline("--version"), OK).stdout, r"^lampline \d+\.\d+\.\d+\n$")
        self.assertIn("Exit codes: 0 ok, 1 run-time failure, 2 usage, 3 bad configuration, 4 database, 5 cannot bind",
                      self.ends(lampline("--help"), OK).stdout)

    def test_print_config_says_where_each_value_came_from(self):
        file = self.folder / "office.toml"
        file.write_text('# comment\nring-timeout = "30s"\nhttp = "127.0.0.1:1"\n', encoding="utf-8")
        printed = self.ends(lampline("serve", "--print-config", "--config", file, "--http", "127.0.0.1:2",
                                     LAMPLINE_LOG_LEVEL="debug"), OK).stdout
        self.assertRegex(printed, rf"(?m)^ring-timeout = '30s'\s+# {re.escape(str(file))}:2$")
        self.assertRegex(printed, r"(?m)^http = '127\.0\.0\.1:2'\s+# --http$")
        self.assertRegex(printed, r"(?m)^log-level = 'debug'\s+# LAMPLINE_LOG_LEVEL$")
        self.assertRegex(printed, r"(?m)^probe-interval = '60s'\s+# default$")

    # How it ends

    def test_2_a_command_line_that_cannot_be_read(self):
        for arguments in ([], ["serve", "--lamps"], ["token", "create"], ["dance"]):
            self.assertNotEqual(self.ends(lampline(*arguments), USAGE).stderr, "")
        self.ends(lampline("token", "create", "me", "--role", "king", "--data", self.data), USAGE)

    def test_3_a_value_that_cannot_be_used(self):
        self.assertIn("--sip: ", self.ends(lampline("serve", "--sip", "udp:nowhere"), BAD_CONFIG).stderr)
        file = self.folder / "office.toml"
        file.write_text('\nlog-level = "loud"\n', encoding="utf-8")
        self.assertIn(f"{file}:2: ", self.ends(lampline("serve", "--config", file), BAD_CONFIG).stderr)
        self.ends(lampline("serve", "--data", self.data, "--domain", "office.test", "--log-file", "/dev/null/x",
                           "--sip", "udp:127.0.0.1:0", "--http", "127.0.0.1:0"), BAD_CONFIG)

    def test_4_a_database_that_cannot_be_used_is_left_as_it_is(self):
        self.data.mkdir()
        file = self.data / "lampline.db"
        file.write_bytes(b"This is not a database. " * 500)
        before = file.read_bytes()
        for command in (["serve", "--sip", "udp:127.0.0.1:0", "--http", "127.0.0.1:0"], ["seed", "demo"],
                        ["token", "create", "me"], ["token", "revoke", "me"], ["token", "list"],
                        ["--check-config"]):
            self.assertIn("lampline.db", self.ends(lampline(*command, "--data", self.data), DATABASE).stderr)
        self.assertEqual(file.read_bytes(), before)

    def test_4_a_database_with_a_table_missing_is_named_with_the_table(self):
        self.seeded()
        with contextlib.closing(sqlite3.connect(self.data / "lampline.db")) as database:
            database.execute("DROP TABLE subscription")
        refused = self.ends(lampline("serve", "--data", self.data, "--sip", "udp:127.0.0.1:0", "--http",
                                     "127.0.0.1:0"), DATABASE)
        self.assertIn(f"{self.data / 'lampline.db'}: is damaged: no such table: subscription", refused.stderr)

    def test_4_a_data_folder_that_cannot_be_made(self):
        for command in (["serve", "--sip", "udp:127.0.0.1:0", "--http", "127.0.0.1:0"], ["seed", "demo"]):
            self.ends(lampline(*command, "--data", "/dev/null/data", "--domain", "office.test"), DATABASE)

    def test_4_another_domain_than_that_of_the_data_folder(self):
        self.seeded()
        refused = self.ends(lampline("serve", "--data", self.data, "--domain", "other.test", "--sip",
                                     "udp:127.0.0.1:0", "--http", "127.0.0.1:0"), DATABASE)
        self.assertIn("office.test", refused.stderr)
        self.assertIn("other.test", refused.stderr)

    def test_5_an_address_that_is_taken(self):
        self.seeded()
        for protocol, kind in (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM), ("http", socket.SOCK_STREAM)):
            with self.subTest(protocol), socket.socket(socket.AF_INET, kind) as taken:
                taken.bind(("127.0.0.1", 0))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                port = taken.getsockname()[1]
                sip, http = ("udp:127.0.0.1:0", f"127.0.0.1:{port}") if protocol == "http" else \
                    (f"{protocol}:127.0.0.1:{port}", "127.0.0.1:0")
                refused = self.ends(lampline("serve", "--data", self.data, "--sip", sip, "--http", http), CANNOT_BIND)
                self.assertIn(str(port), refused.stderr)

    # Commands

    def test_check_config_changes_nothing(self):
        good = self.ends(lampline("--check-config", "--data", self.data, "--domain", "office.test"), OK)
        self.assertIn("good", good.stdout)
        self.assertFalse(self.data.exists())
        self.ends(lampline("--check-config", "--data", self.data), BAD_CONFIG)
        self.seeded()
        self.ends(lampline("--check-config", "--data", self.data), OK)
        self.ends(lampline("--check-config", "--data", self.data, "--domain", "other.test"), DATABASE)

    def test_seed_demo_fills_an_empty_office_once(self):
        accounts = [line.split(" ", 2) for line in self.seeded().splitlines()]
        self.assertEqual([number for number, _, _ in accounts], [str(number) for number in range(201, 211)])
        self.assertEqual(len({secret for _, secret, _ in accounts}), 10)
        self.assertTrue(all(len(secret) >= 20 for _, secret, _ in accounts))
        self.assertTrue(all(name for _, _, name in accounts))
        self.ends(lampline("seed", "demo", "--data", self.data), FAILURE)
        self.assertEqual((self.data / "lampline.db").stat().st_mode & 0o777, 0o600)

    def test_a_token_made_beside_the_running_server_works_at_once(self):
        with Serving(self.data) as server:
            self.assertEqual(server.get("/api/v1/extensions")[0], 401)
            token = self.ends(lampline("token", "create", "desk", "--role", "admin", "--data", self.data), OK)
            self.assertRegex(token.stdout, r"^ll_[a-z0-9]+\n$")
            status, body = server.get("/api/v1/extensions", token.stdout.strip())
            self.assertEqual((status, json.loads(body)["items"]), (200, []))
            self.ends(lampline("token", "create", "desk", "--role", "admin", "--data", self.data), FAILURE)
            self.ends(lampline("token", "revoke", "desk", "--data", self.data), OK)
            self.assertEqual(server.get("/api/v1/extensions", token.stdout.strip())[0], 401)
            self.assertIn("desk", self.ends(lampline("token", "revoke", "desk", "--data", self.data), FAILURE).stderr)

    def test_tokens_are_listed_with_what_is_known_of_them_and_never_themselves(self):
        with Serving(self.data) as server:
            self.assertEqual(self.ends(lampline("token", "list", "--data", self.data), OK).stdout, "")
            desk = lampline("token", "create", "desk", "--role", "auditor", "--data", self.data).stdout.strip()
            lampline("token", "create", "backup", "--data", self.data)
            self.assertEqual(server.get("/api/v1/extensions", desk)[0], 200)
            listed = self.ends(lampline("token", "list", "--data", self.data), OK).stdout
            moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
            self.assertRegex(listed, rf"^backup admin {moment} never\ndesk auditor {moment} {moment}\n$")
            self.assertNotIn(desk, listed)

    def test_health_asks_the_running_server(self):
        with Serving(self.data) as server:
            self.ends(lampline("--health", "--http", server.http), OK)
            self.ends(lampline("--health", LAMPLINE_HTTP=server.http), OK)
        self.ends(lampline("--health", "--http", server.http), FAILURE)

    def test_health_does_not_wait_for_ever(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            begun = time.monotonic()
            self.ends(lampline("--health", "--http", "127.0.0.1:%d" % silent.getsockname()[1]), FAILURE)
            self.assertLess(time.monotonic() - begun, 15)

    # Serving

    def test_serve_prints_the_ports_it_got(self):
        with Serving(self.data) as server:
            self.assertEqual(set(server.sip), {"udp", "tcp"})
            with socket.create_connection(("127.0.0.1", server.sip["tcp"]), timeout=PATIENCE):
                pass
            self.assertEqual(server.get("/healthz")[0], 200)
            self.assertEqual(server.get("/readyz")[0], 200)

    def test_one_data_folder_has_one_server(self):
        with Serving(self.data) as server:
            second = self.ends(lampline("serve", "--data", self.data, "--domain", "office.test",
                                        "--sip", "udp:127.0.0.1:0", "--http", "127.0.0.1:0"), DATABASE)
            self.assertIn("another lampline serves this data folder", second.stderr)
            self.assertEqual(server.get("/healthz")[0], 200)
            server.process.kill()
            server.process.wait(PATIENCE)
        with Serving(self.data):  # however the first one ended
            pass

    def test_sigterm_and_sigint_end_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Serving(self.data) as server:
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(PATIENCE), OK, server.stderr())

    def test_sighup_opens_the_log_file_anew(self):
        log = self.folder / "lampline.log"
        with Serving(self.data, "--log-file", log, "--log-level", "debug") as server:
            log.rename(self.folder / "lampline.log.1")
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + PATIENCE
            # The file is opened by whatever is logged next; going on, the server has something to say at the end.
            while signal.SIGHUP not in self.handled(server) and time.monotonic() < deadline:
                time.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(PATIENCE), OK)
        self.assertIn("stopped", log.read_text(encoding="utf-8"))

    @staticmethod
    def handled(server):
        """Signals that are no longer pending for the process."""
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
        pending = int(re.search(r"ShdPnd:\s*([0-9a-f]+)", status)[1], 16)
        return {number for number in (signal.SIGHUP,) if not pending >> (number - 1) & 1}


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        sys.exit("LAMPLINE_BIN must name the lampline executable")
    unittest.main()
