"""How a session says things: what goes to which stream, in which order, in pages or at once."""

from flashd.sim import messages
from flashd.sim.banners import banner
from flashd.sim.commands.command import Answer
from flashd.sim.layout import Layout, render
from flashd.sim.switches import Positions
from flashd.sim.terminal import Mode, Terminal


def text(lines: list[str], columns: int = 0) -> str:
    """Join lines, each with its end, and one after so many columns; 0: only its own."""
    if columns:
        lines = [piece for line in lines for piece in _pieces(line, columns)]
    return "".join(f"{line}\n" for line in lines)


def _pieces(line: str, columns: int) -> list[str]:
    starts = range(0, max(len(line), 1), columns)
    return [line[start : start + columns] for start in starts]


def banner_lines(
    layout: Layout, switches: Positions, at: float, device: str, *, two_lines: bool = False
) -> list[str]:
    """Return the banner, if banners are on."""
    if not layout.banner:
        return []
    line = banner(at, device, date=layout.banner_date, locale=layout.locale, two_lines=two_lines)
    return [line, ""] if switches.on("banner_blank_line") else [line]


def answered(answer: Answer, layout: Layout, switches: Positions) -> tuple[list[str], list[str]]:
    """Return the lines of an answer: those for standard output, and those for standard error."""
    apart = [m for m in answer.messages if goes_to_stderr(m, switches)]
    lines = render(answer.report, layout) if answer.report else []
    lines += [message for message in answer.messages if message not in apart]
    if layout.verbose and switches["verbose_says"] == "a-line":
        lines.append(messages.verbose(len(answer.report.rows) if answer.report else 0))
    if lines and switches.on("blank_line_after_answer"):
        lines.append("")
    return lines, apart


def goes_to_stderr(message: str, switches: Positions) -> bool:
    """Say on which stream a message is said, by its class."""
    if messages.is_error(message):
        return switches["errors_to"] == "stderr"
    return messages.is_warning(message) and switches["warnings_to"] == "stderr"


def ask(terminal: Terminal, question: str, switches: Positions) -> str:
    """Ask a question of class W; an end of the input is an empty answer."""
    say = terminal.complain if goes_to_stderr(question, switches) else terminal.write
    say(question)
    return terminal.readline()


def pages(layout: Layout, mode: Mode, switches: Positions) -> bool:
    """Say whether answers stop after each page."""
    asked = mode is Mode.INTERACTIVE or switches["paging_in_stream"] == "ask"
    return layout.paging and asked


def write_pages(terminal: Terminal, answer: str, rows: int) -> None:
    """Write an answer, and wait for a line of input after each page."""
    lines = answer.splitlines(keepends=True)
    for start in range(0, len(lines), rows):
        if start:
            terminal.ask(messages.NEXT_PAGE)
        terminal.write("".join(lines[start : start + rows]))
