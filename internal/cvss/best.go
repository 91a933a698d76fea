package cvss

// Best chooses the vector to use where several assess one weakness: of those that can be read, the ones of the newest version
// of the standard; of these the one with the highest base score, so that a milder second opinion never hides a worse one; of
// equals the first in alphabetical order of the canonical form, so that the order of the sources does not matter. It returns
// the vector and its index in vectors (the first where the same vector stands there several times), and index -1 when none
// can be read.
func Best(vectors []string) (Vector, int) {
	best, at := Vector{}, -1
	for i, text := range vectors {
		v, err := Parse(text)
		if err != nil {
			continue
		}
		if at < 0 || better(v, best) {
			best, at = v, i
		}
	}
	return best, at
}

// better compares versions as text, which their form allows ("2.0" < "3.0" < "3.1" < "4.0").
func better(a, b Vector) bool {
	if a.Version != b.Version {
		return a.Version > b.Version
	}
	if a.Base != b.Base {
		return a.Base > b.Base
	}
	return a.Text < b.Text
}
