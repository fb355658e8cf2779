"""What happened, as a table for people and as JSON for the runner."""

import json


class Report:
    """One result per (column, scenario); a column is a door or a pair of doors."""

    def __init__(self, client):
        self.client = client
        self._results = {}
        self._skipped = {}

    def skip(self, scenario, why):
        self._skipped[scenario] = why

    def add(self, column, scenario, failure=None):
        self._results[column, scenario] = failure

    @property
    def failures(self):
        return {key: failure for key, failure in self._results.items() if failure}

    @property
    def passed(self):
        return len(self._results) - len(self.failures)

    def print(self):
        for (column, scenario), failure in self.failures.items():
            print(f"\nFAIL {self.client}, {column}, {scenario}\n{failure}")
        columns = list(dict.fromkeys(column for column, _ in self._results))
        scenarios = list(dict.fromkeys(scenario for _, scenario in self._results))
        wide = max(map(len, columns), default=0)
        print(f"\n{self.client}: {len(columns)} ways x {len(scenarios)} scenarios")
        for column in columns:
            print(f"  {column:{wide}}  {self._summary(column)}")
        for scenario, why in self._skipped.items():
            print(f"  not everywhere: {scenario}, because {why}")

    def _summary(self, column):
        mine = {scenario: failure for (c, scenario), failure in self._results.items() if c == column}
        failed = [scenario for scenario, failure in mine.items() if failure]
        ok = f"{len(mine) - len(failed):3} ok"
        return ok + "".join(f"   FAIL {scenario}" for scenario in failed)

    def write(self, path):
        cases = [
            {"way": column, "scenario": scenario, "failure": failure}
            for (column, scenario), failure in self._results.items()
        ]
        about = {"client": self.client, "passed": self.passed, "failed": len(self.failures), "cases": cases}
        with open(path, "w", encoding="utf8") as file:
            json.dump(about, file, indent=1, ensure_ascii=False)
