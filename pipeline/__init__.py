"""MNIST and its family: raw IDX files to versioned metrics, one DVC stage at a time.

The layers. Each imports those below it and, where a noun contains another, a neighbour
(tests/test_layers.py holds the rule):

    stages      one thin module a DVC stage: paths and params in, one core call, outputs written
    core        sources, package_index, idx, contract, table, quality, features, svm, methods, training, model,
                metrics, plots
    ground      errors, files, params, datasets
"""
