package stream

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"triward/internal/problem"
)

// place is where a stream is kept.
type place struct {
	dir         string // of the server in this process; "" for servers elsewhere
	servers     string // nats:// or tls:// addresses, divided by commas
	credentials string // file for the servers elsewhere
	replicas    int    // copies in the cluster
	max         int64  // bytes that the stream may hold; 0: as many as the disk
	reserve     int64  // bytes of the disk that stay free
}

// defaultReserve leaves room on the disk for the database and for closing orderly.
const defaultReserve = 512 << 20

// CheckAddress says what is wrong with the address of a stream.
func CheckAddress(address string) error {
	_, err := parse(address)
	return err
}

// Embedded tells that the stream at an address is kept in this process, so that no other process can use it.
func Embedded(address string) bool { return strings.HasPrefix(address, "dir:") }

func parse(address string) (place, error) {
	p := place{replicas: 1, reserve: defaultReserve}
	where, query, _ := strings.Cut(address, "?")
	known := []string{"max"}
	switch {
	case strings.HasPrefix(where, "dir:") && len(where) > len("dir:"):
		p.dir = strings.TrimPrefix(where, "dir:")
		known = append(known, "reserve")
	case strings.HasPrefix(where, "nats://") || strings.HasPrefix(where, "tls://"):
		p.servers = where
		known = append(known, "replicas", "credentials")
	default:
		return p, problem.New(problem.Invalid, "the address of the stream must be dir:/path or nats://host")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return p, problem.New(problem.Invalid, "the address of the stream cannot be read: %v", err)
	}
	for key, value := range values {
		if !slices.Contains(known, key) || len(value) != 1 {
			return p, problem.New(problem.Invalid, "the address of the stream has the unknown or repeated part %q; known are %s", key, strings.Join(known, ", "))
		}
		if err := p.set(key, value[0]); err != nil {
			return p, err
		}
	}
	for s := range strings.SplitSeq(p.servers, ",") {
		u, err := url.Parse(s)
		if err != nil {
			return p, problem.New(problem.Invalid, "the address of the stream cannot be read")
		}
		if _, secret := u.User.Password(); secret || u.User.Username() != "" {
			return p, problem.New(problem.Invalid, "secrets do not belong in the address of the stream: name a file with credentials=FILE")
		}
	}
	return p, nil
}

func (p *place) set(key, value string) error {
	var err error
	switch key {
	case "credentials":
		p.credentials = value
	case "replicas":
		if p.replicas, err = strconv.Atoi(value); err != nil || p.replicas < 1 || p.replicas > 5 {
			return problem.New(problem.Invalid, "replicas of the stream must be from 1 to 5")
		}
	case "max":
		p.max, err = size(value)
	case "reserve":
		p.reserve, err = size(value)
	}
	return err
}

// size reads a number of bytes with an optional unit of powers of 1024: 64MB, 10GB.
func size(s string) (int64, error) {
	number, factor := s, int64(1)
	for i, unit := range []string{"KB", "MB", "GB", "TB"} {
		if n, ok := strings.CutSuffix(strings.ToUpper(s), unit); ok {
			number, factor = n, int64(1)<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 1<<50/factor {
		return 0, problem.New(problem.Invalid, "%q is not a size such as 512MB or 10GB", s)
	}
	return n * factor, nil
}
