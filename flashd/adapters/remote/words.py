"""What the words of ssh mean, for people. Nothing here decides: no answer is Unknown anyway.

ssh ends with 255 whether it was refused, met a strange key, or lost a session in the middle; only
its words tell. They are no interface, so what is not recognised is told as it was said.
"""

from __future__ import annotations

_BEFORE = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "{host} shows another host key than known_hosts has",
        "find out why; if it was installed anew, replace its line in {known_hosts}",
    ),
    (
        "key is known for",
        "the host key of {host} is not known",
        "write it to {known_hosts}, under the name {host}, after comparing it on the host",
    ),
    (
        "Host key verification failed",
        "the host key of {host} was not accepted",
        "see its line in {known_hosts}",
    ),
    (
        "revoked",
        "the host key of {host} is revoked",
        "see its line in {known_hosts}",
    ),
    (
        "UNPROTECTED PRIVATE KEY FILE",
        "ssh does not use the key {key}, since others can read it",
        "run: chmod 600 {key}",
    ),
    ("Load key", "ssh cannot use the key {key}", "see that it is a private key without passphrase"),
    (
        "Permission denied",
        "{host} refused the key",
        "see that its public part is in authorized_keys of {user} there, and from= in its line",
    ),
    (
        "Too many authentication failures",
        "{host} refused the key",
        "see that its public part is in authorized_keys of {user} there",
    ),
    (
        "Could not resolve hostname",
        "the address of {host} was not found",
        "set address under ssh.hosts",
    ),
    (
        "Connection refused",
        "{host} refused the connection",
        "see that sshd runs there, and on which port",
    ),
    ("timed out", "{host} did not answer", "see that it runs, and that no firewall is in between"),
    ("No route to host", "there is no way to {host}", "see that it runs, and its address"),
    ("Network is unreachable", "there is no way to {host}", "see the network of this host"),
    (
        "Connection reset",
        "{host} closed the connection before anything was asked",
        "see its log; too many connections at once (MaxStartups) look like that",
    ),
    (
        "Connection closed",
        "{host} closed the connection before anything was asked",
        "see its log; too many connections at once (MaxStartups) look like that",
    ),
    (
        "not responding",
        "the session with {host} was lost before it answered",
        "see the network in between",
    ),
    (
        "closed by remote host",
        "the session with {host} was lost before it answered",
        "see its log; a lost bastion looks like that too",
    ),
    (
        "no matching",
        "ssh and {host} share no algorithm",
        "name one in a file, and that file in ssh.config",
    ),
)

Names = dict[str, str]


def no_session(errors: str, names: Names) -> str:
    """Say in words why there was no session."""
    for sign, reason, advice in _BEFORE:
        if sign in errors:
            return f"{reason}; {advice}".format_map(names)
    said = next((line.strip() for line in errors.splitlines() if line.strip()), "nothing")
    return "there was no session with {host}: ssh said: ".format_map(names) + said[:200]


def lost_session(names: Names) -> str:
    """Say that a session ended before its answer did."""
    return "the session with {host} was lost in the middle of the answer".format_map(names)


def no_probe(status: int, names: Names) -> str:
    """Say that somebody logged in and met no probe."""
    return (
        f"{{host}} has no flashd-probe for this key (exit status {status});"
        " see command= in authorized_keys of {user} there, and run flashd probe"
    ).format_map(names)
