package engine

type witness struct{}

func (c *compiler) witnesses() {}
