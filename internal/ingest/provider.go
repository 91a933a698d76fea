package ingest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"triward/internal/problem"
)

// Limits of what a provider may serve.
const (
	maxMetadata  = 4 << 20
	maxFeed      = 64 << 20
	maxAdvisory  = 64 << 20
	maxKey       = 1 << 20
	maxSide      = 64 << 10
	maxEntries   = 500_000
	maxFeeds     = 1000
	fetchWorkers = 4
)

// Provider reads what a CSAF provider publishes (CSAF 2.0 section 7).
type Provider struct {
	Fetcher
	Now func() time.Time // for the validity of keys and signatures
}

// Listing is what a provider offers. Faults are parts of the offer that could not be read (a feed that asks for a
// password, a key with another fingerprint); the rest is listed all the same.
type Listing struct {
	URL       string // of the provider metadata or feed
	Publisher string
	Items     []Item // without duplicates, in the order of the feeds
	Faults    []problem.Fault
	keys      openpgp.EntityList
	route     *route
}

// Item is one advisory of a listing. ETag and LastModified may be set by the caller from an earlier Document.
type Item struct {
	URL          string
	Updated      time.Time // the provider's date of the last change, zero when it tells none
	SHA256URL    string
	SHA512URL    string
	SignatureURL string
	ETag         string
	LastModified string
}

// Check is the result of one verification.
type Check string

// The closed list of results.
const (
	Verified Check = "verified"
	Missing  Check = "missing" // the provider has no such file
	Failed   Check = "failed"  // the content is not what the file tells
	NoKey    Check = "no_key"  // there is a signature, and no key of the provider to check it with
)

// Document is one fetched advisory. Err tells why Body is missing or not to be trusted; a Document with Hash or
// Signature Failed has an Err.
type Document struct {
	Item
	Body        []byte
	NotModified bool
	Hash        Check
	Signature   Check
	Signer      string // fingerprint of the key of a verified signature, hexadecimal
	Err         error
}

// read downloads a small file into memory.
func (p *Provider) read(ctx context.Context, address string, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	_, _, err := p.get(ctx, Request{URL: address, Limit: limit}, func() (io.Writer, error) { buf.Reset(); return &buf, nil })
	if err != nil {
		return nil, fmt.Errorf("fetch %q: %w", address, err)
	}
	return buf.Bytes(), nil
}

// providerMetadata is as much of provider-metadata.json as is used (CSAF 2.0 7.1.8).
type providerMetadata struct {
	Distributions []struct {
		DirectoryURL string `json:"directory_url"`
		ROLIE        struct {
			Feeds []struct {
				URL string `json:"url"`
			} `json:"feeds"`
		} `json:"rolie"`
	} `json:"distributions"`
	Keys []struct {
		Fingerprint string `json:"fingerprint"`
		URL         string `json:"url"`
	} `json:"public_openpgp_keys"`
	Publisher struct {
		Name string `json:"name"`
	} `json:"publisher"`
}

// rolieDocument is a ROLIE feed or service document (RFC 8322, CSAF 2.0 7.1.15 and 7.1.16).
type rolieDocument struct {
	Feed *struct {
		Title string       `json:"title"`
		Entry []rolieEntry `json:"entry"`
	} `json:"feed"`
	Service *struct {
		Workspace []struct {
			Collection []struct {
				HRef string `json:"href"`
			} `json:"collection"`
		} `json:"workspace"`
	} `json:"service"`
}

type rolieEntry struct {
	Updated string `json:"updated"`
	Content struct {
		Source string `json:"src"`
	} `json:"content"`
	Link []struct {
		Rel  string `json:"rel"`
		HRef string `json:"href"`
	} `json:"link"`
}

// List reads what a provider offers. source is the URL of provider metadata, of a ROLIE feed or of a ROLIE service
// document, or a domain, which is asked in the order of CSAF 2.0 7.3. Items that have not changed after since are left
// out; those without a date never are.
func (p *Provider) List(ctx context.Context, source string, since time.Time) (Listing, error) {
	source = strings.TrimSpace(source)
	if !strings.Contains(source, "://") {
		return p.discover(ctx, source, since)
	}
	u, err := url.Parse(source)
	if err != nil {
		return Listing{}, problem.New(problem.Invalid, "%q is not an address", source)
	}
	ctx = p.follow(ctx, u)
	body, err := p.read(ctx, source, maxFeed)
	if err != nil {
		return Listing{}, err
	}
	l := lister{p: p, since: since, seen: map[string]bool{}, out: Listing{URL: source, route: routeOf(ctx)}}
	if err := l.document(ctx, u, body); err != nil {
		return Listing{}, fmt.Errorf("list CSAF provider %q: %w", source, err)
	}
	return l.out, nil
}

// discover finds the metadata of a domain: the well-known address, security.txt, the DNS path (CSAF 2.0 7.1.9, 7.1.8, 7.1.10).
func (p *Provider) discover(ctx context.Context, domain string, since time.Time) (Listing, error) {
	if domain == "" || strings.ContainsAny(domain, "/?#@ ") {
		return Listing{}, problem.New(problem.Invalid, "%q is neither an address nor a domain", domain)
	}
	base := "https://" + domain
	listing, err := p.List(ctx, base+"/.well-known/csaf/provider-metadata.json", since)
	if err == nil || ctx.Err() != nil {
		return listing, err
	}
	tried := []string{err.Error()}
	u, err := url.Parse(base)
	if err != nil {
		return Listing{}, problem.New(problem.Invalid, "%q is not a domain", domain)
	}
	for _, place := range [...]string{"/.well-known/security.txt", "/security.txt"} {
		body, err := p.read(ctx, base+place, maxSide)
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		for _, address := range csafLines(body) {
			listing, err := p.List(p.follow(ctx, u), address, since) // what the file names is bound by where it came from
			if err == nil || ctx.Err() != nil {
				return listing, err
			}
			tried = append(tried, err.Error())
		}
	}
	if listing, err = p.List(ctx, "https://csaf.data.security."+domain, since); err == nil || ctx.Err() != nil {
		return listing, err
	}
	tried = append(tried, err.Error())
	return Listing{}, problem.New(problem.NotFound, "domain %q tells of no CSAF provider: %s", domain, strings.Join(tried, "; "))
}

// csafLines is the addresses of the CSAF fields of a security.txt (RFC 9116 2.3, CSAF 2.0 7.1.8).
func csafLines(body []byte) []string {
	var out []string
	for line := range strings.Lines(string(body)) {
		field, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(field), "csaf") && len(out) < 10 {
			out = append(out, strings.TrimSpace(value))
		}
	}
	return out
}

// Fetch downloads and verifies the items, four at a time, and gives each to fn, one at a time, in the order in which
// they arrive. What is wrong with one document is in its Err; only an error of fn or the end of ctx ends the whole.
func (p *Provider) Fetch(ctx context.Context, l Listing, fn func(Document) error) error {
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, routeKey{}, l.route))
	defer cancel(nil)
	work := make(chan Item)
	var wg sync.WaitGroup
	var one sync.Mutex
	for range min(fetchWorkers, len(l.Items)) {
		wg.Go(func() {
			for item := range work {
				d := p.document(ctx, l, item)
				one.Lock()
				if ctx.Err() == nil {
					if err := fn(d); err != nil {
						cancel(err)
					}
				}
				one.Unlock()
			}
		})
	}
	for _, item := range l.Items {
		select {
		case work <- item:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

func (p *Provider) document(ctx context.Context, l Listing, item Item) Document {
	d := Document{Item: item, Hash: Missing, Signature: Missing}
	var buf bytes.Buffer
	h, _, err := p.get(ctx, Request{URL: item.URL, ETag: item.ETag, LastModified: item.LastModified, Limit: maxAdvisory},
		func() (io.Writer, error) { buf.Reset(); return &buf, nil })
	if err != nil {
		d.Err = fmt.Errorf("fetch advisory %q: %w", item.URL, err)
		return d
	}
	d.ETag, d.LastModified, d.NotModified = h.etag, h.lastModified, h.notModified
	if d.NotModified {
		return d
	}
	d.Body = buf.Bytes()
	if err := p.verify(ctx, l.keys, &d); err != nil {
		d.Err = fmt.Errorf("verify advisory %q: %w", item.URL, err)
	}
	return d
}
