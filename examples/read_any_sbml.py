"""Read SBML written by somebody else, look at its reactions, write it lumped, and as Antimony.

Usage: python read_any_sbml.py FILE.xml
"""

import sys
from dataclasses import replace

from crn2sbml import lump, read_sbml_file, write_antimony, write_sbml

if len(sys.argv) != 2:
    sys.exit(__doc__)
document = read_sbml_file(sys.argv[1])
network = document.network
print(f"{network.id}: {len(network.species)} species, {len(network.reactions)} reactions, reading {document.reading}")
for channel in lump(network)[:5]:
    print(f"  {channel.id}: {' + '.join(reaction.rate for reaction in channel.reactions)}")
print(len(write_sbml(replace(document, shape="lumped"))), "characters of lumped SBML")
print(len(write_antimony(document)), "characters of Antimony")
