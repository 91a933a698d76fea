package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"triward/apiv1"
)

// ErrUnreachable says that no server answered.
var ErrUnreachable = errors.New("the server cannot be reached")

// maxAnswer bounds what a server may answer with, except for exports.
const maxAnswer = 256 << 20

// Client calls one server. It is safe for use by many goroutines.
type Client struct {
	http  *http.Client
	base  string
	token string
}

// New makes a client for a server at an address ("https://triward.example.org") with an API token. http may be nil for one
// with a limit of ten minutes for each request. Requests that move large content, or let the server hash it, have no limit but
// that of their context. A token is sent over https, or to this machine, only.
func New(address, token string, hc *http.Client) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("server address %q must begin with https://", address)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && token != "" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("server address %q must begin with https://: the token would be sent in the clear", address)
	}
	if hc == nil {
		hc = &http.Client{Timeout: 10 * time.Minute}
	}
	own := *hc
	// A redirect to another place must not carry the token there; the API has none.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{http: &own, base: strings.TrimSuffix(address, "/"), token: token}, nil
}

// Socket makes a client for the server that listens on a unix socket of this machine. Who may open the socket needs no
// token.
func Socket(path string) *Client {
	d := net.Dialer{Timeout: 10 * time.Second}
	return &Client{base: "http://triward", http: &http.Client{Timeout: 10 * time.Minute, Transport: &http.Transport{
		ExpectContinueTimeout: time.Second,
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) },
	}}}
}

// file is a body that is sent as it is.
type file struct{ r io.Reader }

// call is one request.
type call struct {
	method string
	path   string // below /api/v1, escaped
	query  any    // struct with "query" tags, or nil
	body   any    // sent as JSON; file as it is; nil for none
	from   int64  // the byte that the answer begins with
	long   bool   // may take longer than the limit of a request: large content, or the server hashes it
}

func (c *Client) do(ctx context.Context, in call) (*http.Response, error) {
	address := c.base + "/api/v1" + in.path
	if in.query != nil {
		if q := encode(in.query); len(q) > 0 {
			address += "?" + q.Encode()
		}
	}
	var body io.Reader
	kind := "application/json"
	switch b := in.body.(type) {
	case nil:
	case file:
		body, kind = b.r, "application/octet-stream"
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", in.method, in.path, err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, in.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", in.method, in.path, err)
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if in.from > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", in.from))
	}
	if f, ok := body.(*os.File); ok {
		announce(r, f)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	hc := c.http
	if in.long {
		own := *hc
		own.Timeout = 0
		hc = &own
	}
	resp, err := hc.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problemOf(resp)
}

// announce tells the server how large a file is before it is sent, so that a file over the limit is refused and not cut off.
func announce(r *http.Request, f *os.File) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return
	}
	r.ContentLength = info.Size() - at
	if r.ContentLength == 0 {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Expect", "100-continue")
	}
}

// problemOf reads what the server says went wrong; an answer that is no problem becomes one.
func problemOf(resp *http.Response) error {
	p := &apiv1.Problem{}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil || json.Unmarshal(text, p) != nil || p.Title == "" {
		return &apiv1.Problem{Title: http.StatusText(resp.StatusCode), Status: resp.StatusCode, Detail: "the server answered " + resp.Status}
	}
	p.Status = resp.StatusCode
	return p
}

// get makes a request and reads the answer.
func get[T any](ctx context.Context, c *Client, in call) (T, error) {
	var v T
	resp, err := c.do(ctx, in)
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&v); err != nil {
		return v, fmt.Errorf("%s %s: the answer cannot be read: %w", in.method, in.path, err)
	}
	return v, nil
}

// act makes a request that answers with nothing.
func act(ctx context.Context, c *Client, in call) error {
	resp, err := c.do(ctx, in)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// save makes a request and writes the answer as it comes. An answer that breaks off is an error.
func save(ctx context.Context, c *Client, w io.Writer, in call) error {
	resp, err := c.do(ctx, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if in.from > 0 && resp.StatusCode != http.StatusPartialContent {
		return fmt.Errorf("%s %s: the server does not go on where the answer broke off", in.method, in.path)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("%s %s: the answer broke off: %w", in.method, in.path, err)
	}
	return nil
}

// at puts ids into a path.
func at(path string, ids ...string) string {
	for _, id := range ids {
		path = strings.Replace(path, "{}", url.PathEscape(id), 1)
	}
	return path
}

// encode writes the fields with a "query" tag; zero values are left out.
func encode(v any) url.Values {
	out := url.Values{}
	put(out, reflect.ValueOf(v))
	return out
}

func put(out url.Values, v reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		f := v.Field(i)
		if t.Field(i).Anonymous {
			put(out, f)
			continue
		}
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("query"), ",")
		if name == "" || f.IsZero() {
			continue
		}
		switch f.Kind() {
		case reflect.String:
			out.Set(name, f.String())
		case reflect.Bool:
			out.Set(name, "true")
		case reflect.Int, reflect.Int64:
			out.Set(name, strconv.FormatInt(f.Int(), 10))
		case reflect.Uint64:
			out.Set(name, strconv.FormatUint(f.Uint(), 10))
		case reflect.Slice:
			for j := range f.Len() {
				out.Add(name, f.Index(j).String())
			}
		case reflect.Struct:
			if t, ok := f.Interface().(time.Time); ok {
				out.Set(name, t.UTC().Format(time.RFC3339Nano))
			}
		}
	}
}

// Each calls fn with every item of a list, page by page. list is a method of [Client] with everything but the cursor set.
func Each[T any](list func(after string) (apiv1.Page[T], error), fn func(T) error) error {
	after := ""
	for {
		p, err := list(after)
		if err != nil {
			return err
		}
		for _, v := range p.Items {
			if err := fn(v); err != nil {
				return err
			}
		}
		if after = p.Next; after == "" {
			return nil
		}
	}
}
