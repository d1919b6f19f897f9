import pytest

from gradtui.cli.arguments import main


@pytest.fixture
def run(capsys):
    """Run a command; return exit status, output, error output."""

    def call(*arguments):
        try:
            status = main([*map(str, arguments)])
        except SystemExit as exit:
            status = exit.code
        out, err = capsys.readouterr()
        return status, out, err

    return call
