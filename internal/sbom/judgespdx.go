package sbom

func (c *checker) tagValue(s *source) {}
func (c *checker) spdx3(tree *node)   {}
