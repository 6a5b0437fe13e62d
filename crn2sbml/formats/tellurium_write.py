"""A short Tellurium script that runs an SBML file beside it and prints what its outputs hold."""

from collections.abc import Iterator, Sequence

from crn2sbml.errors import FormatError
from crn2sbml.formats.comments import comment_lines
from crn2sbml.formats.document import Document
from crn2sbml.formats.run_settings import check_run


def write_tellurium(document: Document, t_end: float, outputs: Sequence[str], model_file: str, seed: int = 1) -> str:
    """Python text that runs `model_file`, the document's SBML, for `t_end` seconds, by ODE and by one SSA.

    Args: model_file: path relative to the script. seed: of the one stochastic run.
    The script prints the count of each output, with ten digits, and which is the largest, and saves a plot beside
    itself. Where there are equal reactants, only the run that fits the document's reading is written; where an initial
    count is not whole, only the deterministic one.
    Raises: FormatError: no output or an unknown one, `t_end` or `seed` out of range, no run that fits.
    """
    net = document.network
    check_run("Tellurium", net, t_end, outputs, seed)
    if "time" in outputs:
        raise FormatError(f"Tellurium: the output 'time' would be read as the time; rename it in {net.id!r}")
    if document.reading == "stochastic" and not net.has_whole_counts:
        raise FormatError(f"Tellurium: network {net.id!r} is for stochastic runs, but has counts that are not whole")
    deterministic = document.reading != "stochastic"
    stochastic = document.reading != "deterministic" and net.has_whole_counts
    return "\n".join(_lines(document, t_end, outputs, model_file, seed, deterministic, stochastic)) + "\n"


def _lines(
    document: Document,
    t_end: float,
    outputs: Sequence[str],
    model_file: str,
    seed: int,
    deterministic: bool,
    stochastic: bool,
) -> Iterator[str]:
    # Python looks for the encoding of a file in its first two lines, so the model's own words come after them.
    yield "# Needs Tellurium: pip install tellurium six."
    yield "# Counts are items, times are seconds."
    yield from comment_lines(document.metadata, "#")
    yield from ("", "from pathlib import Path", "", "import matplotlib.pyplot as plt", "import tellurium as te", "")
    yield f"MODEL = Path(__file__).resolve().parent / {model_file!r}"
    yield f"OUTPUTS = {list(dict.fromkeys(outputs))!r}"
    yield f"T_END = {float(t_end)!r}"
    if stochastic:
        yield f"SEED = {seed}"
    yield _START
    if deterministic:
        yield _DETERMINISTIC
    if document.reading != "any":
        yield f"# Equal reactants are in the {document.reading} reading: the other kind of run needs a file of its own."
    if stochastic:
        yield _STOCHASTIC
    yield _END


_START = '''

def report(title, result):
    """Print the last count of every output and the output that holds the most."""
    counts = {name: float(result[name][-1]) for name in OUTPUTS}
    print(f"{title}, after {T_END:g} s:")
    for name, count in counts.items():
        print(f"  {name} = {count:.10g}")
    if len(counts) > 1:
        print(f"  largest: {max(counts, key=counts.get)}")


model = te.loadSBMLModel(str(MODEL))
figure, axes = plt.subplots()
'''

_DETERMINISTIC = """
model.setIntegrator("cvode")
model.integrator.relative_tolerance = model.integrator.absolute_tolerance = 1e-10
result = model.simulate(0, T_END, 201, ["time", *OUTPUTS])
report("Deterministic", result)
for number, name in enumerate(OUTPUTS):
    axes.plot(result["time"], result[name], color=f"C{number}", label=name)
""".strip()

_STOCHASTIC = """
model.reset()
model.setIntegrator("gillespie")
model.integrator.variable_step_size = False
model.integrator.seed = SEED
result = model.simulate(0, T_END, 201, ["time", *OUTPUTS])
report(f"Stochastic, seed {SEED}", result)
for number, name in enumerate(OUTPUTS):
    axes.plot(result["time"], result[name], color=f"C{number}", label=f"{name}, one run", linewidth=0.5)
""".rstrip()

_END = """
axes.set(xlabel="time (s)", ylabel="count (items)")
axes.legend(fontsize="small")
figure.savefig(Path(__file__).with_suffix(".png"))
plt.show()
""".rstrip()
