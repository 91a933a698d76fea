package network

import "strings"

// Connectivity is a way in which a device can be reached. An empty set means not known.
type Connectivity string

// The closed list of ways.
const (
	PrivateNetwork Connectivity = "private_network"
	Internet       Connectivity = "internet"
	PointToPoint   Connectivity = "point_to_point"
	Wireless       Connectivity = "wireless"
	RemoteService  Connectivity = "remote_service"
	NoConnection   Connectivity = "none" // known to have no connection; stands alone
)

// Connectivities lists every way.
func Connectivities() []Connectivity {
	return []Connectivity{PrivateNetwork, Internet, PointToPoint, Wireless, RemoteService, NoConnection}
}

// JoinWays writes ways with commas, as tables of the database hold them.
func JoinWays(ways []Connectivity) string {
	out := make([]string, len(ways))
	for i, w := range ways {
		out[i] = string(w)
	}
	return strings.Join(out, ",")
}

// SplitWays reads what [JoinWays] wrote.
func SplitWays(s string) []Connectivity {
	if s == "" {
		return nil
	}
	var out []Connectivity
	for w := range strings.SplitSeq(s, ",") {
		out = append(out, Connectivity(w))
	}
	return out
}
