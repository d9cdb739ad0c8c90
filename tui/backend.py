"""The real things behind the screens: the store on disk, the engine, the supervisors. Loaded when first needed.

Invariant: constructing it costs nothing; every method is called in a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..store import Store
from .engine import Engine, Target
from .machine import MachineFact, gather


@dataclass(frozen=True, slots=True)
class LocalBackend:
    """This machine."""

    home: Path
    python: Path | None

    def open_store(self) -> Store:
        """A connection for the calling thread; the first one ever makes the file."""
        return Store.open(self.home)

    def open_engine(self, store: Store, target: Target) -> Engine:
        """The engine of a known experiment, or of a script as it is now in the interpreter that suits it."""
        from ..runtime import interpreters
        from ..runtime.project import script_target
        from .climb import Climb

        if target.experiment_id is not None:
            known = store.experiments.get(target.experiment_id)
            take_up = Climb.again if target.fresh else Climb.of
            return take_up(store, self.home, known)
        script = script_target(target.script, target.args, working_dir=Path.cwd())
        chosen = interpreters.choose(self.python, (script.script.parent, script.working_dir))
        return Climb.open(
            store,
            self.home,
            script,
            python=chosen.path,
            limits=target.limits,
            fresh=target.fresh,
            ranks=target.ranks,
        )

    def machine(self) -> tuple[MachineFact, ...]:
        """What this machine has."""
        return gather(self.python, self.home)

    def extend(self, store: Store, run_id: int, ceiling_seconds: float) -> object:
        """Allow a run under way to take so much time in all."""
        from .extension import extend

        return extend(store, run_id, ceiling_seconds=ceiling_seconds, by="tui")

    def stop(self, store: Store, run_id: int) -> object:
        """Ask a run's supervisor to stop it."""
        from ..runtime import launch

        launch.stop(store, run_id)
        return None

    def go_on(self, store: Store, sweep_id: int) -> object:
        """Start a conductor for a sweep whose own was killed."""
        from .sweeping import go_on

        return go_on(store, self.home, store.sweeps.get(sweep_id))

    def reconcile(self, store: Store) -> object:
        """Record the truth about runs whose supervisor is gone, and finish an edit that a crash left half done."""
        from ..planner.edits import deciding
        from ..runtime import launch

        deciding.recover(store, self.home)
        return launch.reconcile(store)
