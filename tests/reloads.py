"""A session whose file is loaded again: it goes on with what another version of it has."""

from gradtui.saving.snapshot import Resumption, take_snapshot


def reload(session, problem):
    """Return the session on the other version, and what was lost."""
    resumption = Resumption(problem, take_snapshot(session))
    while resumption.run(10.0):
        pass
    return resumption.session, resumption.lost
