// Package testdata finds and opens the real data that tests and benchmarks measure on. The data is not part of the
// repository: it lies beside it in ../shared/data, or where TRIWARD_DATA says. Without it a test skips and says why.
package testdata
