package people

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// Locked is the refusal of an attempt before its password is looked at. It is a problem of the kind Forbidden.
type Locked struct {
	Until time.Time
}

func (e *Locked) Error() string { return e.Unwrap().Error() }

// Unwrap makes problem.KindOf see the kind.
func (e *Locked) Unwrap() error {
	return problem.New(problem.Forbidden, "too many failed attempts; try again after %s", e.Until.UTC().Format("15:04:05 UTC"))
}

// loginKey names the counter of a login. Known and unknown logins count alike. People type passwords into the wrong
// field, so that the name is short enough to fit very many texts.
func loginKey(login string) string {
	sum := sha256.Sum256([]byte("triward sign-in counter\n" + normalLogin(login)))
	return "login:" + hex.EncodeToString(sum[:5])
}

// addressKey names the counter of an address; "" when there is none (a local socket). An IPv6 customer has a /64 of
// addresses (RFC 6177), so that is what counts.
func addressKey(address string) string {
	if address == "" {
		return ""
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		p, err := netip.ParseAddrPort(address)
		if err != nil {
			return "address:" + shorten(address, 64)
		}
		a = p.Addr()
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return "address:" + p.String()
		}
	}
	return "address:" + a.String()
}

// attempt is what counted for one try to sign in.
type attempt struct {
	login, address string // keys of counters; "" for none
	locks          []lockedBody
}

// count counts an attempt as failed before it is looked at, so that parallel attempts count too. It is [*Locked] when the
// login or the address is locked; such an attempt does not count.
func (d *Directory) count(ctx context.Context, login, address string) (attempt, error) {
	a := attempt{login: loginKey(login), address: addressKey(address)}
	limits, now := d.Limits.orDefault(), d.DB.Now()
	err := d.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM people_throttle WHERE at < $1 AND until < $2`, store.Micros(now.Add(-limits.Forget)), store.Micros(now)); err != nil {
			return err
		}
		for _, c := range []struct {
			what, key string
			tries     int
		}{{"login", a.login, limits.LoginTries}, {"address", a.address, limits.AddressTries}} {
			if c.key == "" {
				continue
			}
			// A row that is locked is not changed, so that nothing is returned for it.
			var failures int64
			err := b.QueryRow(ctx, `INSERT INTO people_throttle (name, failures, at, until) VALUES ($1, 1, $2, 0)
				ON CONFLICT (name) DO UPDATE SET failures = people_throttle.failures + 1, at = excluded.at
				WHERE people_throttle.until <= excluded.at RETURNING failures`, c.key, store.Micros(now)).Scan(&failures)
			if problem.KindOf(err) == problem.NotFound {
				return lockedUntil(ctx, b, c.key)
			}
			if err != nil {
				return err
			}
			pause := limits.pause(failures, c.tries)
			if pause == 0 {
				continue
			}
			until := now.Add(pause)
			if _, err := b.Exec(ctx, `UPDATE people_throttle SET until = $1 WHERE name = $2`, store.Micros(until), c.key); err != nil {
				return err
			}
			a.locks = append(a.locks, lockedBody{What: c.what, Address: shorten(address, 64), Failures: failures, Until: until})
		}
		return nil
	})
	return a, err
}

func lockedUntil(ctx context.Context, r store.Reader, key string) error {
	var until int64
	if err := r.QueryRow(ctx, `SELECT until FROM people_throttle WHERE name = $1`, key).Scan(&until); err != nil {
		return err
	}
	return &Locked{Until: store.Time(until)}
}

// pause is the lock after a number of failures: none below tries, then LockFirst, doubling up to LockMost.
func (l Limits) pause(failures int64, tries int) time.Duration {
	if failures < int64(tries) {
		return 0
	}
	p := l.LockFirst
	for i := int64(tries); i < failures && p < l.LockMost; i++ {
		p *= 2
	}
	return min(p, l.LockMost)
}

const uncount = `UPDATE people_throttle SET failures = failures - 1, until = 0 WHERE name = $1 AND failures > 0`

// withdraw takes an attempt back that turned out not to be a failure.
func (d *Directory) withdraw(ctx context.Context, a attempt) error {
	return d.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, uncount, a.login); err != nil {
			return err
		}
		_, err := b.Exec(ctx, uncount, a.address)
		return err
	})
}

// succeed takes an attempt back and forgets the failures on the login. Those from the address stay: somebody with one
// account must not wash away attempts on others.
func (d *Directory) succeed(ctx context.Context, a attempt) error {
	return d.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, dropCounter, a.login); err != nil {
			return err
		}
		_, err := b.Exec(ctx, uncount, a.address)
		return err
	})
}

const dropCounter = `DELETE FROM people_throttle WHERE name = $1`

// forgive forgets the failures of a counter.
func (d *Directory) forgive(ctx context.Context, key string) error {
	return d.DB.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, dropCounter, key)
		return err
	})
}

// shorten cuts text for display to a number of bytes, at a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
