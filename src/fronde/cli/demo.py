# SPDX-License-Identifier: Apache-2.0
"""`fronde demo`: an invented workplace whose members join, sign and prove a letter, on this machine.

Everything is real: the operator's commands run as processes of their own, the members reach the server by
HTTP and mail files only, with the code of the member's command line. Their devices lie in a temporary folder,
never beside the server's data.  # spec: 16, 17
"""

from __future__ import annotations

import argparse
import datetime
import os
import random
import re
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fronde.errors import Refused, Usage

if TYPE_CHECKING:
    from .demo_members import Device

WORKPLACE = "meridian"
HEADCOUNT = 4_180
LEAST = 10
THREADS = 6
HOUR = 0.4  # seconds for an hour of the campaign
PACE = 7.0  # seconds between two signatures while visitors are here
START = 60.0
AWARD = "demo_award.json"  # what the letter cites, typed from the public record
MARK = "demonstration.txt"
MARKED = "This folder holds a demonstration of Fronde. The next `fronde demo` with this folder replaces it.\n"


def register(commands: Any) -> None:
    """Adds `fronde demo`."""
    text = "play a whole letter with invented members, then serve it"
    demo = commands.add_parser("demo", help=text, description=text)
    demo.add_argument("--once", action="store_true", help="end when the proof is verified")
    demo.add_argument("--members", type=int, default=130, metavar="N", help="how many join (default 130)")
    demo.add_argument("--data", metavar="DIR", help="where the server's data goes (default: a new folder)")
    demo.add_argument("--bind", default="127.0.0.1:8000", metavar="A:P", help="default 127.0.0.1:8000")
    demo.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plays the demonstration. Raises Usage for a folder or a number that will not do."""
    if args.members < LEAST:
        raise Usage(
            f"{args.members} members are too few: nothing is shown of fewer than five signatures",
            hint=f"Take --members {LEAST} or more.",
        )
    data = fresh(args.data)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # also then the server is stopped
    with tempfile.TemporaryDirectory(prefix="fronde-devices-") as devices:
        stage = Stage(data, args.bind, Path(devices))
        stage.prepare()
        with stage.serving():
            stage.play(args.members)
            if not args.once:
                stage.stay()
    return 0


class Stage:
    """One demonstration: the server's folder, its address, and the folder of the members' devices."""

    def __init__(self, data: Path, bind: str, devices: Path) -> None:
        self.data = data
        self.bind = bind
        self.base = f"http://{bind}"
        self._devices = devices
        self._random = random.Random(2018)  # noqa: S311 - who signs when, and under which invented name
        self._letter = ""
        self._waiting: deque[Device] = deque()

    # --- the operator ---

    def prepare(self) -> None:
        """An instance, a workplace, a letter."""
        _say(f"An instance of Fronde in {self.data}")
        _fronde("init", str(self.data), "--host", self.bind)
        (self.data / MARK).write_text(MARKED, encoding="utf-8")
        _say("A workplace: Meridian Systems, whose members have a mailbox at meridian.example")
        _fronde(
            "workplace", "add", WORKPLACE, "--name", "Meridian Systems", "--domain", "meridian.example",
            "--shape", "first.last", "--headcount", str(HEADCOUNT),
            "--headcount-source", "invented annual report, page 31", "--data", str(self.data),
        )  # fmt: skip

    @contextmanager
    def serving(self) -> Iterator[None]:
        """`fronde serve` in a process of its own, until the end of the block."""
        from .demo_members import Postman

        with tempfile.TemporaryFile() as log:
            server = subprocess.Popen(
                _command("serve", str(self.data), "--bind", self.bind),
                stdout=log, stderr=subprocess.STDOUT, env=_environment(), start_new_session=True,
            )  # fmt: skip
            postman = Postman(self.data / "outbox", _tell_code)
            try:
                self._await(server)
                self._server, self._postman = server, postman
                yield
            except Exception:  # whatever it was, what the server said helps; it goes on
                log.seek(0)
                sys.stderr.write(log.read().decode(errors="replace")[-4000:])
                raise
            finally:
                postman.stop()
                _stop(server)

    def _await(self, server: subprocess.Popen[bytes]) -> None:
        from fronde.client.http import Http, Unreachable

        until = time.monotonic() + START
        policy = (self.data / "policy").read_bytes()
        with Http(self.base, proxies=False) as client:
            while True:
                if server.poll() is not None or time.monotonic() > until:
                    raise Refused("the server did not start", hint="See above what it said.", name="demo")
                try:
                    if client.get("/policy") == policy:
                        return
                except Unreachable:
                    pass
                time.sleep(0.1)

    def _open(self) -> None:
        today = datetime.datetime.now(datetime.UTC)
        path = self.data / "letter.md"
        path.write_text(letter_file(today), encoding="utf-8")
        (self.data / AWARD).write_bytes(resources.files(__package__).joinpath(AWARD).read_bytes())
        said = _fronde("letter", "open", str(path), "--workplace", WORKPLACE, "--data", str(self.data))
        found = re.search(r"\b[a-z2-7]{16}\b", said)
        if not found:
            raise Refused("`fronde letter open` did not name the letter")
        self._letter = found[0]

    # --- the play ---

    def play(self, members: int) -> None:
        """Members join, the letter opens, most of them sign, the proof is written and verified."""
        from .demo_members import Device
        from .demo_people import people

        self._people = people(self._random)
        devices = [Device(next(self._people), self.base, self._devices) for _ in range(members)]
        pool = ThreadPoolExecutor(THREADS)
        try:
            self._join(pool, devices)
            _say("The letter opens; nobody has to enrol because of it")
            self._open()
            _say(f"  {self.base}/letters/{self._letter}")
            signers = members - (10 if members >= 20 else 5)
            self._waiting = deque(devices[signers:])
            self._sign(pool, devices[:signers])
            self._look(pool, devices[:signers])
        finally:
            pool.shutdown(cancel_futures=True)
        self._prove()

    def _join(self, pool: ThreadPoolExecutor, devices: Sequence[Device]) -> None:
        _say(f"{len(devices)} members join: a mailbox, a mail, a code, a token for every slot on offer")
        begun = time.monotonic()
        tokens = 0
        for done, enrolled in enumerate(pool.map(self._enrol, devices), start=1):
            tokens += len(enrolled.taken)
            if done % 25 == 0 or done == len(devices):
                _say(f"  {done} of {len(devices)} have joined, {tokens} tokens given")
        _say(f"  in {time.monotonic() - begun:.0f} seconds")

    def _enrol(self, device: Device) -> Any:
        return device.join(WORKPLACE, self._postman)

    def _sign(self, pool: ThreadPoolExecutor, signers: Sequence[Device]) -> None:
        from .demo_people import hours

        pace = min(HOUR, HOUR * len(signers) / 60)
        _say(f"{len(signers)} of them sign over three days, played in {72 * pace:.0f} seconds")
        watch = Watch(self.base, self._letter)
        left = list(signers)
        self._random.shuffle(left)
        sent = 0
        for hour, count in enumerate(hours(len(signers))):
            until = time.monotonic() + pace
            burst, left = left[:count], left[count:]
            sent += len(list(pool.map(lambda device: device.sign(self._letter), burst)))
            watch.tell()
            if hour % 12 == 11:
                _say(f"  day {hour // 24 + 1}, {hour % 24 + 1:02}:00: {sent} have signed")
            time.sleep(max(0.0, until - time.monotonic()))
        watch.settle(sent)

    def _look(self, pool: ThreadPoolExecutor, signers: Sequence[Device]) -> None:
        some = signers[:: max(1, len(signers) // 20)]
        now = datetime.datetime.now(datetime.UTC)
        looked = list(pool.map(lambda device: device.look(self._letter, now), some))
        seen = sum(line.state == "seen" for each in looked for line in each.lines)
        _say(
            f"{len(some)} of them look into the record: {seen} find their signature, {len(some) - seen} wait"
        )

    def _prove(self) -> None:
        proof, policy = self.data / "letter.zip", self.data / "policy"
        _say("The proof is written, and verified without the server")
        _fronde("proof", self._letter, "-o", str(proof), "--data", str(self.data))
        said = _fronde("verify", str(proof), "--policy", str(policy))
        _say("".join(f"  {line}\n" for line in said.splitlines()).rstrip())
        _say(f"Verify it yourself:\n  fronde verify {proof} --policy {policy}")

    # --- visitors ---

    def stay(self) -> None:
        """Serves until Ctrl-C; members go on signing, so that a visitor's signature is published soon."""
        _say(
            f"\nThe front page   {self.base}/\n"
            f"The letter       {self.base}/letters/{self._letter}\n"
            f"Join as anybody  {self.base}/w/{WORKPLACE}/join  (say, your.name@meridian.example)\n"
            "The code of your mail is shown here. Ctrl-C ends the demonstration.\n"
        )
        watch = Watch(self.base, self._letter)
        try:
            for person in self._people:
                self._arrive(person)
                watch.tell()
                self._rest()
        except KeyboardInterrupt:
            _say("The demonstration ends.")

    def _rest(self) -> None:
        try:
            self._server.wait(PACE)
        except subprocess.TimeoutExpired:
            return
        raise Refused("the server ended")

    def _arrive(self, person: Any) -> None:
        """One member joins, one of those who joined earlier signs: always more tokens out than signatures."""
        from .demo_members import Device

        device = Device(person, self.base, self._devices)
        self._enrol(device)
        self._waiting.append(device)
        self._waiting.popleft().sign(self._letter)


class Watch:
    """Tells of each batch: the letter's record grows in groups, never one by one."""

    def __init__(self, base: str, letter: str) -> None:
        self._base = base
        self._path = f"/letters/{letter}/record/checkpoint"
        self._published = self._now()
        self._batches = 0

    def tell(self) -> None:
        """Prints what was published since the last call."""
        now = self._now()
        if now > self._published:
            self._batches += 1
            _say(f"  batch {self._batches}: {now - self._published} published, {now} in the record")
            self._published = now

    def settle(self, sent: int) -> None:
        """Waits until fewer than a batch of 5 wait to be published. Raises Refused after a minute."""
        until = time.monotonic() + START
        while self._published <= sent - 5:
            if time.monotonic() > until:
                raise Refused(f"only {self._published} of {sent} signatures were published")
            time.sleep(0.2)
            self.tell()

    def _now(self) -> int:
        from fronde.client.http import Http

        with Http(self._base, proxies=False) as client:
            size = client.get(self._path).split(b"\n")[1]
        return int(size) - 1  # the first entry is the letter.open


def letter_file(today: datetime.datetime) -> str:
    """The letter of the demonstration, its dates counted from `today`."""
    text = resources.files(__package__).joinpath("demo_letter.md").read_text(encoding="utf-8")

    def day(count: int, form: str = "%Y-%m-%d") -> str:
        return (today + datetime.timedelta(days=count)).strftime(form)

    return string.Template(text).substitute(
        due_policy=day(60),
        due_detention=day(120),
        due_customers=day(210),
        closes=day(90, "%Y-%m-%dT12:00:00Z"),
        withdraw_until=day(120, "%Y-%m-%dT12:00:00Z"),
    )


def fresh(named: str | None) -> Path:
    """An empty folder: a new one, or the one that is named; an earlier demonstration in it is removed.

    Raises Usage when there is anything else in it.
    """
    if named is None:
        data = Path(tempfile.mkdtemp(prefix="fronde-demo-"))
    else:
        data = Path(named)
        if (data / MARK).is_file():
            shutil.rmtree(data)
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            raise Usage(f"{data} is not an empty folder", hint="Choose another --data, or none.")
        data.mkdir(parents=True, exist_ok=True)
    return data


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "fronde.cli.main", *words]


def _environment() -> dict[str, str]:
    """Ours without settings of another instance: no mail leaves this machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FRONDE_")}


def _fronde(*words: str) -> str:
    """What a command printed. Raises Refused, after what it complained of."""
    done = subprocess.run(_command(*words), capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise Refused(f"`fronde {words[0]}` ended with {done.returncode}", name="demo")
    return done.stdout


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _tell_code(mailbox: str, code: str) -> None:
    _say(f"  mail to {mailbox}: the code is {code}")


def _say(text: str) -> None:
    print(text, flush=True)
