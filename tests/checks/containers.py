#!/usr/bin/env python3
"""docker-compose.yml and pbx/Dockerfile, checked without a container engine.

Compose 1.29 itself reads the file; what only Compose v2 or the engine would say is asserted here. The packages of the
runtime image must be those that the program is linked with ($LAMPLINE_BIN).
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "pbx/Dockerfile"
BASE_IMAGE = "debian:bookworm-slim"
IN_BASE_IMAGE = {"libc6", "libgcc-s1", "libstdc++6"}
OF_SANITIZERS = {"libasan8", "libubsan1"}
ONLY_OPTIMISED = {"libjemalloc2"}


def instructions(text):
    """(keyword, argument) per instruction, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", " ", text)
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def stages(text):
    """A list of instructions per FROM."""
    result = []
    for keyword, argument in instructions(text):
        if keyword == "FROM":
            result.append([])
        result[-1].append((keyword, argument))
    return result


def installed_in(stage):
    """Names given to apt-get install in the RUN instructions."""
    names = set()
    for keyword, argument in stage:
        for command in re.split(r"&&|\||;", argument) if keyword == "RUN" else ():
            words = shlex.split(command)
            if words[:2] == ["apt-get", "install"]:
                names.update(word for word in words[2:] if not word.startswith("-"))
    return names


def packages_linked(program):
    """Debian packages of the libraries that the program itself asks for."""
    dynamic = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True).stdout
    resolved = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    packages = set()
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        path = re.search(rf"^\s*{re.escape(library)}(?: => (\S+))?", resolved, re.MULTILINE)
        if library.startswith("ld-linux"):
            continue
        file = pathlib.Path(path.group(1)).resolve()
        # Debian 12 knows merged folders under their old names too.
        for name in (str(file), str(file).removeprefix("/usr")):
            owner = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
            if owner.returncode == 0:
                packages.add(owner.stdout.split(":")[0])
                break
        else:
            raise AssertionError(f"no package has {library}")
    return packages


class Compose(unittest.TestCase):
    def setUp(self):
        self.file = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
        self.service = self.file["services"]["lampline"]

    def test_compose_1_29_reads_it(self):
        run = subprocess.run(["docker-compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_nothing_that_only_one_of_the_two_versions_knows(self):
        self.assertEqual(set(self.file), {"version", "services", "volumes"})
        self.assertLessEqual(
            set(self.service),
            {"build", "image", "network_mode", "restart", "stop_grace_period", "read_only", "tmpfs", "cap_drop",
             "security_opt", "environment", "volumes"})

    def test_host_network_without_ports(self):
        self.assertEqual(self.service["network_mode"], "host")
        self.assertNotIn("ports", self.service)

    def test_the_data_folder_is_a_named_volume(self):
        volume, target = self.service["volumes"][0].split(":")
        self.assertIn(volume, self.file["volumes"])
        self.assertEqual(target, "/data")

    def test_the_dockerfile_is_there(self):
        build = self.service["build"]
        self.assertEqual((ROOT / build["context"] / build["dockerfile"]).resolve(), DOCKERFILE)

    def test_every_variable_is_a_setting_of_the_program(self):
        table = (ROOT / "pbx/base/setting_table.cpp").read_text(encoding="utf-8")
        for variable in self.service["environment"]:
            setting = variable.removeprefix("LAMPLINE_").lower().replace("_", "-")
            self.assertIn(f'"{setting}"', table)

    def test_stopping_waits_longer_than_the_drain(self):
        self.assertGreater(int(self.service["stop_grace_period"].removesuffix("s")), 10)


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.stages = stages(DOCKERFILE.read_text(encoding="utf-8"))
        self.build, self.runtime = self.stages

    def of_runtime(self, keyword):
        return [argument for name, argument in self.runtime if name == keyword]

    def test_both_stages_stand_on_debian_12_slim(self):
        for stage in self.stages:
            self.assertEqual(stage[0][1].split()[0], BASE_IMAGE)

    def test_every_source_of_a_copy_is_there(self):
        ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
        names = [argument.split()[2] for stage in self.stages for name, argument in stage
                 if name == "FROM" and " AS " in argument]
        for keyword, argument in (row for stage in self.stages for row in stage):
            words = argument.split()
            if keyword != "COPY":
                continue
            if words[0].startswith("--from="):
                self.assertIn(words[0].removeprefix("--from="), names)
                continue
            for source in words[:-1]:
                self.assertTrue((ROOT / source).exists(), source)
                self.assertNotIn(pathlib.PurePath(source).parts[0], ignored)

    def test_every_folder_of_the_build_is_copied(self):
        copied = {word for name, argument in self.build if name == "COPY" for word in argument.split()[:-1]}
        for folder in (path.parent.name for path in ROOT.glob("*/CMakeLists.txt")):
            if folder not in ("tests", "build"):
                self.assertIn(folder, copied)

    def test_the_build_installs_exactly_the_packages_of_pbx_run(self):
        runs = [argument for name, argument in self.build if name == "RUN"]
        self.assertTrue(any("pbx/packages.txt | xargs apt-get install" in run for run in runs))
        self.assertEqual(installed_in(self.build), set())

    @unittest.skipUnless("LAMPLINE_BIN" in os.environ, "needs the built program")
    def test_the_runtime_image_has_what_the_program_is_linked_with(self):
        linked = packages_linked(os.environ["LAMPLINE_BIN"])
        self.assertEqual(installed_in(self.runtime), (linked | ONLY_OPTIMISED) - IN_BASE_IMAGE - OF_SANITIZERS)

    def test_it_does_not_run_as_root(self):
        users = self.of_runtime("USER")
        self.assertTrue(users)
        self.assertNotIn(users[-1], ("root", "0"))
        self.assertTrue(any("useradd" in run and users[-1] in run for run in self.of_runtime("RUN")))

    def test_data_is_a_volume_that_the_user_owns(self):
        self.assertEqual(self.of_runtime("VOLUME"), ["/data"])
        self.assertIn("LAMPLINE_DATA=/data", self.of_runtime("ENV"))
        self.assertTrue(any("install -d -o lampline" in run and "/data" in run for run in self.of_runtime("RUN")))

    def test_the_binary_checks_its_own_health(self):
        (check,) = self.of_runtime("HEALTHCHECK")
        self.assertIn('CMD ["lampline", "--health"]', check)

    def test_signals_reach_the_program(self):
        self.assertEqual(self.of_runtime("ENTRYPOINT"), ['["lampline"]'])

    def test_package_lists_are_not_kept(self):
        for stage in self.stages:
            for name, argument in stage:
                if name == "RUN" and "apt-get update" in argument:
                    self.assertIn("rm -rf /var/lib/apt/lists/*", argument)
                    self.assertIn("--no-install-recommends", argument)


class PackageLists(unittest.TestCase):
    def test_every_package_has_its_reason_and_stands_once(self):
        seen = set()
        for name in ("pbx/packages.txt", "tests/packages.txt"):
            for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
                if line.startswith("#"):
                    continue
                match = re.fullmatch(r"([a-z0-9.+-]+) +# .+", line)
                self.assertIsNotNone(match, f"{name}: {line}")
                self.assertNotIn(match.group(1), seen)
                seen.add(match.group(1))


if __name__ == "__main__":
    sys.exit(unittest.main())
