"""Train a small classifier of your own architecture, and write the folder that other people can use.

Usage: python train_and_export.py FOLDER
"""

import sys
from dataclasses import replace

from crn2sbml import Options, get_recipe, model_document, model_files, train_classifier, write_folder
from crn2sbml.motifs.dense import Dense

recipe = get_recipe("digits", omega=32)
classifier = replace(recipe.classifier, name="small", layers=(Dense(12), Dense(10, "readout")))
trained = train_classifier(classifier, recipe.data(), Options(epochs=60))
folder = write_folder(sys.argv[1], model_files(trained, model_document(trained)))
print(f"{folder}: test accuracy {trained.record['accuracy']['test']:.1%}")
