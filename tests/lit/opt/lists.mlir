// RUN: catgrad-opt --list-passes | filecheck %s --check-prefix=PASSES
// RUN: catgrad-opt --list-ops cat math --load %S/Inputs/soft.py | filecheck %s --check-prefix=OPS
// RUN: catgrad-opt --list-ops --load %S/Inputs/soft.py | filecheck %s --check-prefix=OWN
// RUN: catgrad-opt --list-targets | filecheck %s --check-prefix=TARGETS
// RUN: catgrad-opt --list-dialects | filecheck %s --check-prefix=DIALECTS
// RUN: not catgrad-opt --list-ops topps 2>&1 | filecheck %s --check-prefix=UNKNOWN
// RUN: catgrad-opt --help | filecheck %s --check-prefix=HELP

// PASSES:     canonicalize {{ +}}Applies all canonicalization patterns.
// PASSES:     cat-differentiate {{ +}}Replaces each derivative of `@f` by calls
// PASSES:     lower-to-numpy {{ +}}= canonicalize,cse,
// PASSES:     tops-assign-slots {{ +}}{target: str} Liveness, in-place reuse
// OPS:        cat.add {{ +}}The sum of one or more wires
// OPS:        math.sin {{ +}}[rule] The sin operation
// OPS-NEXT:   math.sinh {{ +}}The sinh operation
// OWN:        cat.add
// OWN:        tops.add {{ +}}[rule, patterns] a + b
// OWN:        soft.softsign {{ +}}[rule, patterns] x / (1 + |x|).
// TARGETS:    ggml
// TARGETS:    mlir
// TARGETS:    numpy
// DIALECTS:   arith
// DIALECTS:   tops
// UNKNOWN:    error: --list-ops: no dialect 'topps'; did you mean 'tops'?
// HELP:       input:
// HELP:       passes:
// HELP-NEXT:  -p PASSES
// HELP:       seeing inside, on stderr:
// HELP:       checking:
// HELP:       debugging:
