package sbom

import "triward/internal/problem"

// judge is every departure of the file from the model of its format.
func (s *source) judge() []problem.Fault { return nil }
