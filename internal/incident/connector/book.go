package connector

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"golang.org/x/crypto/ssh"

	"triward/internal/problem"
)

// Kind is how a connector reaches what it drives.
type Kind string

// The closed list of kinds.
const (
	Webhook Kind = "webhook" // POST of JSON, signed
	Radius  Kind = "radius"  // CoA or Disconnect, RFC 5176
	Command Kind = "command" // a program on this machine
	SSH     Kind = "ssh"     // a command on another one
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Webhook, Radius, Command, SSH} }

// Connector is one entry of the operator's file.
type Connector struct {
	Name    string `toml:"name" json:"name"` // a short word that does not change
	Title   string `toml:"title" json:"title"`
	Kind    Kind   `toml:"kind" json:"kind"`
	Levels  []int  `toml:"levels" json:"levels"`                       // rungs of the ladder that it may be used for
	FarSide bool   `toml:"far_side" json:"far_side,omitempty"`         // it reaches the attacker's side, who may notice (PAP)
	Seconds int    `toml:"seconds" json:"seconds,omitempty"`           // time limit of one try, at most 30; 0 is 10
	Address string `toml:"address" json:"address,omitempty"`           // webhook: https://…; radius, ssh: host and port
	Secret  string `toml:"secret_file" json:"secret_file,omitempty"`   // path of the key of signatures, the shared secret, the private key
	Roots   string `toml:"certificates" json:"certificates,omitempty"` // webhook: PEM file with the roots of its certificate; "" is the system's
	User    string `toml:"user" json:"user,omitempty"`                 // ssh
	HostKey string `toml:"host_key" json:"host_key,omitempty"`         // ssh: the one key that the other side may have, "ssh-ed25519 AAAA…"
	// Ask are the values that a person fills in, each with the pattern (RE2) that the whole value must match.
	Ask    map[string]string `toml:"ask" json:"ask,omitempty"`
	Undo   string            `toml:"undo" json:"undo,omitempty"` // how a person undoes it by hand when this program is away
	Run    Step              `toml:"run" json:"run"`
	Return Step              `toml:"return" json:"return"`
}

// Step is what is sent in one direction. A webhook sends the same JSON in both, which says which it is.
type Step struct {
	Argv       []string    `toml:"argv" json:"argv,omitempty"`       // command, ssh: the program and its arguments
	Request    string      `toml:"request" json:"request,omitempty"` // radius: coa or disconnect
	Attributes []Attribute `toml:"attributes" json:"attributes,omitempty"`
	Nothing    string      `toml:"nothing" json:"nothing,omitempty"` // of a return: why nothing has to be sent
	Lasting    string      `toml:"lasting" json:"lasting,omitempty"` // of a CoA: why it holds until it is taken back, without a Session-Timeout
}

// step is what is sent in one direction. A CoA that contains tells the server itself when that ends, so that it does when this
// program is away: Session-Timeout, with the Termination-Action of asking the RADIUS server again (RFC 2865 5.27 and 5.29,
// which RFC 5176 3.6 allows in a CoA-Request).
func (c Connector) step(d Do) Step {
	if d == Return {
		return c.Return
	}
	s := c.Run
	own := slices.ContainsFunc(s.Attributes, func(a Attribute) bool { return a.Name == "Session-Timeout" || a.Name == "Termination-Action" })
	if c.Kind == Radius && s.Request == "coa" && s.Lasting == "" && !own {
		s.Attributes = append(slices.Clone(s.Attributes), Attribute{"Session-Timeout", "{seconds}"}, Attribute{"Termination-Action", "1"})
	}
	return s
}

// EndsByItself says whether what the connector drives is told when containment ends, so that it ends also while this program
// is away. What the other side does with it is for its operator to try.
func (c Connector) EndsByItself() bool {
	s := c.step(Run)
	texts := slices.Clone(s.Argv)
	for _, a := range s.Attributes {
		texts = append(texts, a.Value)
	}
	return c.Kind == Webhook || slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, "{until}") || strings.Contains(t, "{seconds}") })
}

// Attribute is an attribute of a RADIUS request.
type Attribute struct {
	Name  string `toml:"name" json:"name"` // of attributeTypes, or "vendor:9:1" for a text of a vendor
	Value string `toml:"value" json:"value"`
}

// Limits of the file.
const (
	maxBook       = 256 << 10
	maxConnectors = 200
	maxArgs       = 50
	maxTemplate   = 2_000
	maxAsk        = 20
	mostSeconds   = 30
)

// Hash names the definition: every byte of it counts, the content of the files that it names does not.
func (c Connector) Hash() string {
	b, err := json.Marshal(c)
	if err != nil {
		return "" // texts and numbers only: it cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Limit is how long one try may take.
func (c Connector) Limit() time.Duration {
	if c.Seconds == 0 {
		return 10 * time.Second
	}
	return time.Duration(c.Seconds) * time.Second
}

// Asked are the names of what a person fills in, in order.
func (c Connector) Asked() []string { return slices.Sorted(maps.Keys(c.Ask)) }

// Book is the operator's file. It is read for each use, so that a change of it counts at once.
type Book struct{ File string } // "": there are no connectors

// All reads the connectors in the order of the file.
func (b Book) All() ([]Connector, error) {
	if b.File == "" {
		return nil, nil
	}
	f, err := os.Open(b.File)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "the file of connectors cannot be read: %v", errors.Unwrap(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBook+1))
	if err != nil {
		return nil, problem.New(problem.Unavailable, "the file of connectors cannot be read")
	}
	return Parse(text)
}

// Parse reads the text of a file of connectors, and refuses it with every fault.
func Parse(text []byte) ([]Connector, error) {
	if len(text) > maxBook {
		return nil, problem.New(problem.Invalid, "the file of connectors is larger than %d KiB", maxBook>>10)
	}
	// The parser's time grows by the square of how deep a text nests, and our file nests three deep.
	if bytes.Count(text, []byte("[[[[")) > 0 || bytes.Count(text, []byte("{")) > 4*maxConnectors*maxArgs {
		return nil, problem.New(problem.Invalid, "the file of connectors nests too deep")
	}
	var book struct {
		Connectors []Connector `toml:"connector"`
	}
	meta, err := toml.NewDecoder(bytes.NewReader(text)).Decode(&book)
	if err != nil {
		return nil, problem.New(problem.Invalid, "the file of connectors is not readable: %v", err)
	}
	var l problem.List
	for _, k := range meta.Undecoded() {
		l.Add(k.String(), "is not known")
	}
	if len(book.Connectors) > maxConnectors {
		l.Add("connector", "at most %d", maxConnectors)
	}
	seen := map[string]bool{}
	for _, c := range book.Connectors {
		if seen[c.Name] {
			l.Add(c.Name, "stands there twice")
		}
		seen[c.Name] = true
		l.Merge(c.Name, c.Validate())
	}
	return book.Connectors, l.Err("the file of connectors is not valid")
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

var askForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Validate reports every fault.
func (c Connector) Validate() error {
	var l problem.List
	if !nameForm.MatchString(c.Name) {
		l.Add("name", "must be a short word of small letters, digits and hyphens")
	}
	if strings.TrimSpace(c.Title) == "" || len(c.Title) > 200 {
		l.Add("title", "is required, at most 200 characters")
	}
	if !slices.Contains(Kinds(), c.Kind) {
		l.Add("kind", "%q is none of webhook, radius, command, ssh", c.Kind)
	}
	if len(c.Levels) == 0 || slices.ContainsFunc(c.Levels, func(n int) bool { return n < 0 || n > 7 }) {
		l.Add("levels", "name the levels of the ladder, 0 to 7, that it may be used for")
	}
	if c.Seconds < 0 || c.Seconds > mostSeconds {
		l.Add("seconds", "must be 1 to %d", mostSeconds)
	}
	if len(c.Ask) > maxAsk {
		l.Add("ask", "at most %d values", maxAsk)
	}
	for name, pattern := range c.Ask {
		if !askForm.MatchString(name) {
			l.Add("ask", "%q is no name of a value: small letters, digits, underscores", name)
		}
		if _, err := wholly(pattern); err != nil || pattern == "" || len(pattern) > 500 {
			l.Add("ask."+name, "is not a pattern")
		}
	}
	c.checkTemplate(&l, "undo", c.Undo)
	if c.Return.Lasting != "" || c.Run.Lasting != "" && c.Run.Request != "coa" || len(c.Run.Lasting) > 500 {
		l.Add("lasting", "is for the CoA that contains, at most 500 characters")
	}
	c.checkReach(&l)
	c.checkStep(&l, "run", c.Run)
	c.checkStep(&l, "return", c.Return)
	if c.Run.Nothing != "" {
		l.Add("run.nothing", "is for returns alone")
	}
	return l.Err("the connector is not valid")
}

// wholly compiles a pattern that must match the whole value.
func wholly(pattern string) (*regexp.Regexp, error) { return regexp.Compile(`\A(?:` + pattern + `)\z`) }

// checkReach checks how the other side is reached.
func (c Connector) checkReach(l *problem.List) {
	if c.Kind != Command && (c.Secret == "" || !filepath.IsAbs(c.Secret)) {
		l.Add("secret_file", "must be the absolute path of a file")
	}
	switch c.Kind {
	case Webhook:
		u, err := url.Parse(c.Address)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && onThisMachine(u.Hostname())) {
			l.Add("address", "must be an https address; http only on this machine")
		}
	case Radius, SSH:
		if _, _, err := net.SplitHostPort(c.Address); err != nil {
			l.Add("address", "must be a host and a port")
		}
	}
	if c.Kind == SSH {
		if c.User == "" {
			l.Add("user", "is required")
		}
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostKey)); err != nil {
			l.Add("host_key", "must be the public key of the other side: without it anybody could answer")
		}
	}
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c Connector) checkStep(l *problem.List, path string, s Step) {
	if s.Nothing != "" {
		if len(s.Argv)+len(s.Attributes) > 0 || s.Request != "" || len(s.Nothing) > 500 {
			l.Add(path+".nothing", "says why nothing is sent: nothing else goes with it")
		}
		return
	}
	switch c.Kind {
	case Webhook:
		if len(s.Argv)+len(s.Attributes) > 0 || s.Request != "" {
			l.Add(path, "a webhook sends the same form always: it has no argv, request or attributes")
		}
	case Radius:
		if s.Request != "coa" && s.Request != "disconnect" {
			l.Add(path+".request", "must be coa or disconnect")
		}
		if len(s.Attributes) == 0 || len(s.Attributes) > maxArgs {
			l.Add(path+".attributes", "name 1 to %d attributes: at least which session or port is meant", maxArgs)
		}
		for _, a := range s.Attributes {
			if _, err := attributeOf(a.Name); err != nil {
				l.Add(path+".attributes", "%s", problem.Text(err))
			}
			c.checkTemplate(l, path+"."+a.Name, a.Value)
		}
	case Command, SSH:
		if len(s.Argv) == 0 || len(s.Argv) > maxArgs {
			l.Add(path+".argv", "name a program and its arguments, at most %d", maxArgs)
			return
		}
		if strings.Contains(s.Argv[0], "{") || c.Kind == Command && !filepath.IsAbs(s.Argv[0]) {
			l.Add(path+".argv", "the program is named by its path, without a value in it")
		}
		if c.Kind == Command && shells[filepath.Base(s.Argv[0])] {
			l.Add(path+".argv", "a shell would take values apart again: name a program or a script of your own")
		}
		for _, a := range s.Argv {
			c.checkTemplate(l, path+".argv", a)
		}
	}
}

// shells are programs that run their arguments as text.
var shells = map[string]bool{"sh": true, "bash": true, "dash": true, "zsh": true, "ksh": true, "ash": true, "busybox": true, "env": true, "eval": true, "xargs": true}

func (c Connector) checkTemplate(l *problem.List, path, text string) {
	if len(text) > maxTemplate || strings.ContainsFunc(text, control) {
		l.Add(path, "is longer than %d characters or holds control characters", maxTemplate)
	}
	names, err := variables(text)
	if err != nil {
		l.Add(path, "%s", problem.Text(err))
	}
	for _, n := range names {
		if _, asked := c.Ask[n]; !asked && !slices.Contains(known, n) {
			l.Add(path, "{%s} is neither asked for nor known from the records", n)
		}
	}
}
