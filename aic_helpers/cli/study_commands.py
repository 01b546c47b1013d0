"""The commands on user studies: parse, call, print."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aic_helpers.cli.exit_codes import DONE, Commands
from aic_helpers.cli.options import json_option, track_option
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.studies.folders import Study

LOOPBACK = ("127.0.0.1", "::1", "localhost")

study_option = click.option("--study", default="", metavar="DIR", help="The study's folder.  [default: runs/study]")


@click.group(cls=Commands)
def study() -> None:
    """Ask people which pictures look better: a user study with opinion scores.

    \b
    Example
      aic study new --track super_resolution
      aic study collect
      aic study score
    """


@study.command()
@track_option
@click.option("--run", "runs", multiple=True, metavar="RUN", help="A run folder; once for each model.  [default: all]")
@click.option("--data", default="sample", show_default=True, metavar="sample|challenge|DIR", help="The photos.")
@click.option("--method", default="acr", show_default=True, metavar="acr|pairs", help="Grades, or pair comparison.")
@click.option("--question", default="", metavar="TEXT", help="What is asked.  [default: that of the method]")
@click.option("--photo", "photos", multiple=True, metavar="NAME", help="A photo; once for each.  [default: suggested]")
@click.option("--photos", "count", default=8, show_default=True, metavar="N", help="How many photos are suggested.")
@click.option("--hd", is_flag=True, help="Take the data's HD images; for enhancement they have no target.")
@click.option(
    "--crop", "crop_px", default=512, show_default=True, metavar="PX", help="Side of what is shown; 0 for all."
)
@click.option("--raters", default=24, show_default=True, metavar="N", help="How many people are invited.")
@click.option("--votes", default=60, show_default=True, metavar="N", help="At the most, of each rater.")
@click.option("--reference/--no-reference", default=True, help="Show the target among the models, without a word.")
@click.option("--seed", type=int, metavar="N", help="Of the order for each rater.  [default: drawn, and written down]")
@study_option
@json_option
def new(
    track: str,
    runs: tuple[str, ...],
    data: str,
    method: str,
    question: str,
    photos: tuple[str, ...],
    count: int,
    hd: bool,
    crop_px: int,
    raters: int,
    votes: int,
    reference: bool,
    seed: int | None,
    study: str,
    as_json: bool,
) -> int:
    """Make a study: run the models on the photos, and plan who sees what.

    Of each photo the part is shown in which the models differ most, and the photos are those on which they differ most
    by their runs. The track's baseline is always among the models. The folder gets plan.json, pictures whose names say
    nothing, an empty store of votes, and invitations.csv with a token for each rater.

    \b
    Example
      aic study new --track super_resolution --run runs/super_resolution/ours --raters 30
      aic study new --track enhancement --hd --method pairs
    """
    from aic_helpers.core import progress_bars
    from aic_helpers.reporting import text_tables
    from aic_helpers.studies import designs, tables

    design = designs.Design(method, question, photos, count, hd, crop_px, raters, votes, reference, seed)
    folder = _folder(study)
    with progress_bars.bar("picture", lines=True) as tell:
        made = designs.make_study(folder, track, runs, data, design, tell)
    if as_json:
        click.echo((folder / "plan.json").read_text("utf-8").rstrip())
        return DONE
    click.echo(text_tables.aligned(tables.plan_rows(made.plan)))
    click.echo(
        "\n"
        + text_tables.aligned([(name, text_tables.typed(folder / name)) for name in ("plan.json", "invitations.csv")])
    )
    return DONE


@study.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="0.0.0.0 lets other machines in.")
@click.option("--port", default=8018, show_default=True, type=click.IntRange(0, 65535), metavar="PORT", help="0: any.")
@study_option
def collect(host: str, port: int, study: str) -> int:
    """Let people vote on a web page until Ctrl-C.

    Each has a link of their own, and may close the page and go on later. Every vote is on the disk before its answer
    goes out. Beyond this machine the page travels unencrypted: put a server with TLS before it, or stay in a network
    that you trust.

    \b
    Example
      aic study collect --port 8018
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.studies import folders, web_pages

    web_pages.require_installed()
    found = folders.open_study(_folder(study))
    if found.store.closed:
        raise InputError("an open study", "a closed one", "open it with: aic study open")
    tokens = folders.tokens(found)
    with suppress(KeyboardInterrupt), web_pages.listen(host, port) as listening:
        shown = host if host not in ("0.0.0.0", "::") else "THIS-MACHINE"
        base = f"http://{f'[{shown}]' if ':' in shown else shown}:{listening.getsockname()[1]}"
        click.echo(text_tables.aligned([(rater, f"{base}/{token}/") for rater, token in tokens.items()]))
        if host not in LOOPBACK:
            click.echo("Open to other machines, unencrypted: whoever sees a link can vote with it.", err=True)
        click.echo("Ctrl-C ends the page; votes are kept.", err=True)
        web_pages.serve(web_pages.application(found.folder, found.plan, found.store), listening)
    click.echo(_votes_words(found))
    return DONE


@study.command()
@study_option
@json_option
def show(study: str, as_json: bool) -> int:
    """Show a study's plan, and how far each rater is.

    \b
    Example
      aic study show
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.studies import folders, tables

    found = folders.open_study(_folder(study))
    done = found.store.progress()
    if as_json:
        click.echo(json.dumps({"schema": 1, "closed": found.store.closed, "votes": done}, indent=2))
        return DONE
    click.echo(text_tables.aligned(tables.plan_rows(found.plan)))
    click.echo("\n" + text_tables.aligned(tables.progress_rows(found.plan, done)))
    click.echo("\n" + _votes_words(found))
    return DONE


@study.command()
@click.option("--keep-all", is_flag=True, help="Leave no rater out.")
@study_option
@json_option
def score(keep_all: bool, study: str, as_json: bool) -> int:
    """Say what the votes say: models, raters, pairs, and the track's scores by opinion.

    Raters whom ITU-R BT.500 rejects, or who are far less consistent than the others, are left out and named. study.json
    and report.html are written into the study's folder.

    \b
    Example
      aic study score
      aic study score --keep-all
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.studies import folders, reports, tables

    found = folders.open_study(_folder(study))
    analysis = folders.analyse(found, keep_all=keep_all)
    content = reports.as_dict(analysis)
    if as_json:
        click.echo(json.dumps(content, indent=2))
        return DONE
    written = reports.write(found.folder, analysis)
    for rows in (tables.model_rows(analysis), tables.pair_rows(analysis)):
        click.echo(text_tables.aligned(rows) + "\n")
    for name in dict.fromkeys(analysis.scores.get("score", [])):
        click.echo(text_tables.aligned(tables.score_rows(analysis, name)) + "\n")
    for line in (tables.agreement_words(analysis), *analysis.notes):
        click.echo(line) if line else None
    click.echo("\n" + text_tables.aligned([(path.name, text_tables.typed(path)) for path in written]))
    return DONE


@study.command()
@click.option("--out", default="", metavar="FILE.csv", help="[default: votes.csv in the study's folder]")
@study_option
def export(out: str, study: str) -> int:
    """Write the votes as CSV without what leads to a person.

    Raters are numbered anew at random, and times count from a rater's first vote.

    \b
    Example
      aic study export --out votes.csv
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.studies import folders

    found = folders.open_study(_folder(study))
    path = Path(out).expanduser() if out else found.folder / folders.EXPORT
    count = folders.export(found, path)
    click.echo(f"{text_tables.counted(count, 'vote')} in {text_tables.typed(path)}")
    return DONE


@study.command()
@study_option
def close(study: str) -> int:
    """Take no more votes.

    \b
    Example
      aic study close
    """
    return _set_closed(study, True)


@study.command("open")
@study_option
def open_again(study: str) -> int:
    """Take votes again.

    \b
    Example
      aic study open
    """
    return _set_closed(study, False)


@study.command()
@click.option("--rater", default="", metavar="RATER", help="Only this rater's votes and invitation.")
@click.option("--yes", is_flag=True, help="Do it.")
@study_option
def delete(rater: str, yes: bool, study: str) -> int:
    """Remove what is stored: of one rater, or the whole study.

    \b
    Example
      aic study delete --rater r07 --yes
      aic study delete --yes
    """
    from aic_helpers.reporting import text_tables
    from aic_helpers.studies import folders

    folder = _folder(study)
    what = f"the votes of {rater}" if rater else "the whole study"
    found = folders.open_study(folder) if rater else None
    if found and rater not in found.store.progress():
        raise InputError("a rater of this study", repr(rater), "aic study show lists them")
    if not rater:
        folders.require_ours(folder)
    if not yes:
        raise InputError(f"--yes to remove {what} in {folder}", "no --yes", "nothing was removed")
    if found is None:
        folders.delete(folder)
        click.echo(f"removed: {what} in {text_tables.typed(folder)}")
        return DONE
    count = folders.forget(found, rater)
    click.echo(f"removed: {text_tables.counted(count, 'vote')} of {rater}")
    return DONE


def _set_closed(study: str, closed: bool) -> int:
    from aic_helpers.studies import folders

    found = folders.open_study(_folder(study))
    found.store.set_closed(closed)
    click.echo(f"{found.plan.name} is {'closed' if closed else 'open'}")
    return DONE


def _folder(study: str) -> Path:
    from aic_helpers.studies import folders

    return folders.folder_of(study)


def _votes_words(found: Study) -> str:
    from aic_helpers.reporting import text_tables

    done = found.store.progress()
    whole = sum(done.get(rater, 0) >= len(own) for rater, own in found.plan.raters.items())
    words = text_tables.counted(sum(done.values()), "vote")
    return f"{words}, {whole} of {len(found.plan.raters)} raters done{', closed' if found.store.closed else ''}"
