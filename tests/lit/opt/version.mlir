// RUN: catgrad-opt %s --split-input-file --verify-diagnostics | filecheck %s

// The version of the IR may be stated; a later one is refused before anything is misunderstood.

builtin.module attributes {tops.version = 1 : i64} {
}
// CHECK: builtin.module attributes {tops.version = 1 : i64} {

// -----
// expected-error@+1 {{this IR has version 99, this catgrad reads up to 1; read it with a later catgrad}}
builtin.module attributes {tops.version = 99 : i64} {
}
// -----
// expected-error@+1 {{tops.version takes a whole number > 0, got "two"}}
builtin.module attributes {tops.version = "two"} {
}
