package connector_test

import "triward/internal/problem"

func faults(err error) []problem.Fault { return problem.FaultsOf(err) }
