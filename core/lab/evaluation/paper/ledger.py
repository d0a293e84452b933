"""ablation.csv: this run's rows by setting, and those of other runs as they were found.

Knows nothing of what the rows mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from core.errors import BadRequest
from core.lab.evaluation.paper.settings import Row, Setting
from core.pictures.encoding import write_whole

_SETTING = [field.name for field in fields(Setting)]
_MEASURED = [field.name for field in fields(Row) if field.name != "setting"]


class Ledger:
    """The table of one run in a file that may hold other runs.

    Args:
        path: of the file, which need not be there yet.
        facts: columns that say which run it is; "run" is its digest.

    Attributes:
        rows: this run's, by setting.

    Raises:
        BadRequest: where the file is another table.
    """

    def __init__(self, path: Path, facts: Mapping[str, str]) -> None:
        self._path, self._facts = path, facts
        self._columns = [*facts, *_SETTING, *_MEASURED]
        self._others: list[dict[str, str]] = []
        self.rows: dict[Setting, Row] = {}
        if not path.exists():
            return
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if list(reader.fieldnames or ()) != self._columns:
                raise BadRequest(f"{path} is no table of this experiment: choose another folder.")
            for found in reader:
                if found["run"] == facts["run"]:
                    self._keep(_row(found))
                else:
                    self._others.append(found)

    def _keep(self, row: Row) -> None:
        self.rows[row.setting] = row

    def add(self, rows: Sequence[Row]) -> None:
        """Keep rows and write the file, whole or not at all."""
        for row in rows:
            self._keep(row)
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._others)
        for row in self.rows.values():
            measured = {name: getattr(row, name) for name in _MEASURED}
            values = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in measured.items()}
            writer.writerow({**self._facts, **asdict(row.setting), **values})
        write_whole(self._path, text.getvalue().encode())


def _row(found: Mapping[str, str]) -> Row:
    """Return a line of the CSV as a row."""
    setting = Setting(found["kind"], found["order"], found["schedule"], int(found["steps"]))
    return Row(setting, int(found["samples"]), *(float(found[name]) for name in _MEASURED[1:]))
