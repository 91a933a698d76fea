package app

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"triward/internal/ingest"
	"triward/internal/people"
	"triward/internal/people/sso"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/web"
)

// Config is the configuration: one TOML file, each value of which the environment may override as TRIWARD_<KEY>.
type Config struct {
	Listen         string   `toml:"listen"`                  // address and port of the web pages and the API
	PublicURL      string   `toml:"public_url"`              // how people reach it, for links; "" means http(s)://listen
	Database       string   `toml:"database"`                // sqlite:PATH or postgres://…
	DatabaseFile   string   `toml:"database_file"`           // a file that holds the address, where it has a password
	Blobs          string   `toml:"blobs"`                   // dir:PATH or s3://…
	Events         string   `toml:"events"`                  // where events stay: parquet:DIR or clickhouse://…; "" for none
	EventsKeep     []string `toml:"events_keep"`             // days from receipt after which events go: "1095" for all, "4003=90" for an OCSF class; none: never
	Rules          string   `toml:"rules"`                   // folder or Git checkout with rules of detection; "" for none
	Connectors     string   `toml:"connectors"`              // file with what carries containment out; "" for none: everything is done by hand
	KeyFile        string   `toml:"key_file"`                // the key that signs checkpoints of the journal
	OIDCIssuer     string   `toml:"oidc_issuer"`             // identity provider: https://…; "" for none
	OIDCName       string   `toml:"oidc_name"`               // how people call it; "" is its host
	OIDCClientID   string   `toml:"oidc_client_id"`          // how it knows this program
	OIDCSecretFile string   `toml:"oidc_client_secret_file"` // a file that holds the secret of the client; "" for a public client
	OIDCMatch      string   `toml:"oidc_match"`              // how accounts are found the first time: email or login
	OIDCDomains    []string `toml:"oidc_domains"`            // of e-mail addresses that may sign in; none: all
	OIDCCreate     bool     `toml:"oidc_create"`             // make an account without a role for people who have none
	TSAURL         string   `toml:"tsa_url"`                 // time-stamp authority outside (RFC 3161), asked when it can be reached; "" for none
	TSACertFile    string   `toml:"tsa_certificates"`        // PEM file with its certificate, or the roots that it descends from
	SealKeyFile    string   `toml:"seal_key_file"`           // key and certificate that seal PDF files; "" means beside key_file
	EvidenceKeys   string   `toml:"evidence_key_file"`       // keys that encrypt evidence at rest, one a line, the newest last; "" means beside key_file
	StampKeyFile   string   `toml:"stamp_key_file"`          // key and certificate of the built-in time-stamp authority; "" means beside key_file
	SignIdle       int      `toml:"sign_idle"`               // minutes without a signature after which both components are asked for again; at most 15
	SignAlways     bool     `toml:"sign_always"`             // ask for both components with each signature
	Socket         string   `toml:"socket"`                  // unix socket for the command line; "" for none
	TLSCertificate string   `toml:"tls_certificate"`         // PEM file
	TLSKey         string   `toml:"tls_key"`                 // PEM file
	Roles          []string `toml:"roles"`                   // web, work, ingest
	Stream         string   `toml:"stream"`                  // what came in and is not with the events yet: dir:DIR or nats://…
	SyslogUDP      string   `toml:"syslog_udp"`              // address and port of syslog over UDP; "" for none
	SyslogTCP      string   `toml:"syslog_tcp"`              // the same over TCP
	SyslogTLS      string   `toml:"syslog_tls"`              // the same over TLS (RFC 5425), with the certificate of the web pages
	SyslogClients  string   `toml:"syslog_tls_clients"`      // PEM file with the authorities of the senders' certificates
	UnknownSenders string   `toml:"unknown_senders"`         // records of senders that nobody has confirmed: take or refuse
	SessionIdle    int      `toml:"session_idle"`            // minutes
	SessionLimit   int      `toml:"session_limit"`           // hours
	LogLevel       string   `toml:"log_level"`               // debug, info, warn, error
	SecurityMail   string   `toml:"security_mail"`           // contact in security.txt, where to report a weakness of this installation
	SMTPURL        string   `toml:"smtp_url"`                // mail server: smtp://login@host:587 or smtps://login@host:465; "" sends no mail
	SMTPFrom       string   `toml:"smtp_from"`               // address that letters come from
	SMTPPassword   string   `toml:"smtp_password_file"`      // a file that holds the password of the login
	SMTPCertFile   string   `toml:"smtp_certificates"`       // PEM file with the roots of the server's certificate; "" is the system's
	DigestHour     int      `toml:"digest_hour"`             // of the day in which people are told by mail what waits for them; -1: never
}

// DefaultConfig keeps everything below a folder.
func DefaultConfig(dir string) Config {
	return Config{
		Listen:         "127.0.0.1:8470",
		Database:       "sqlite:" + filepath.Join(dir, "triward.db"),
		Blobs:          "dir:" + filepath.Join(dir, "blobs"),
		Events:         "parquet:" + filepath.Join(dir, "events"),
		Stream:         "dir:" + filepath.Join(dir, "stream"),
		UnknownSenders: "take",
		KeyFile:        filepath.Join(dir, "checkpoint.key"),
		Socket:         filepath.Join(dir, "triward.sock"),
		Roles:          []string{"web", "work", "ingest"},
		SessionIdle:    30,
		SignIdle:       15,
		OIDCMatch:      "email",
		SessionLimit:   12,
		LogLevel:       "info",
		DigestHour:     6,
	}
}

// LoadConfig reads a configuration file over the defaults and the environment over both. An unknown key is an error.
// file may be "". environ has the form of os.Environ.
func LoadConfig(file, dir string, environ []string) (Config, error) {
	c := DefaultConfig(dir)
	if file != "" {
		body, err := readSmall(file)
		if err != nil {
			return c, problem.About(err, "read configuration %s", file)
		}
		meta, err := toml.NewDecoder(bytes.NewReader(body)).Decode(&c)
		if err != nil {
			return c, problem.New(problem.Invalid, "read configuration %s: %v", file, err)
		}
		var l problem.List
		for _, k := range meta.Undecoded() {
			l.Add(k.String(), "is not a key of the configuration")
		}
		if err := l.Err("read configuration %s", file); err != nil {
			return c, err
		}
	}
	if err := c.override(environ); err != nil {
		return c, err
	}
	if c.DatabaseFile != "" {
		body, err := readSmall(c.DatabaseFile)
		if err != nil {
			return c, problem.About(err, "read the database address %s", c.DatabaseFile)
		}
		c.Database = strings.TrimSpace(string(body))
	}
	return c, c.Validate()
}

// maxConfig bounds a configuration file and the files that it names, and with it how deep such a file can nest, which
// costs the parser time by the square.
const maxConfig = 16 << 10

// readSmall reads a text file of at most maxConfig bytes.
func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, problem.New(problem.NotFound, "%v", errors.Unwrap(err))
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxConfig:
		return nil, problem.New(problem.Invalid, "is larger than %d KiB", maxConfig>>10)
	}
	return body, nil
}

func (c *Config) override(environ []string) error {
	values := map[string]string{}
	for _, e := range environ {
		if k, v, ok := strings.Cut(e, "="); ok && strings.HasPrefix(k, "TRIWARD_") {
			values[strings.ToLower(strings.TrimPrefix(k, "TRIWARD_"))] = v
		}
	}
	var l problem.List
	rv, rt := reflect.ValueOf(c).Elem(), reflect.TypeOf(*c)
	for i := range rt.NumField() {
		key := rt.Field(i).Tag.Get("toml")
		v, ok := values[key]
		if !ok {
			continue
		}
		switch f := rv.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(v)
		case reflect.Int:
			n, err := strconv.Atoi(v)
			if err != nil {
				l.Add("TRIWARD_"+strings.ToUpper(key), "must be a whole number")
			}
			f.SetInt(int64(n))
		case reflect.Bool:
			b, err := strconv.ParseBool(v)
			if err != nil {
				l.Add("TRIWARD_"+strings.ToUpper(key), "must be true or false")
			}
			f.SetBool(b)
		case reflect.Slice:
			f.Set(reflect.ValueOf(strings.Split(v, ",")))
		}
	}
	return l.Err("the environment is not valid")
}

// Validate lists all faults.
func (c Config) Validate() error {
	var l problem.List
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		l.Add("listen", "must be an address and a port, such as 127.0.0.1:8470")
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			l.Add("public_url", "must begin with https:// or http://")
		}
	}
	if !strings.HasPrefix(c.Database, "sqlite:") && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		l.Add("database", "must begin with sqlite: or postgres://")
	}
	if !strings.HasPrefix(c.Blobs, "dir:") && !strings.HasPrefix(c.Blobs, "s3://") {
		l.Add("blobs", "must begin with dir: or s3://")
	}
	if c.Events != "" && !strings.HasPrefix(c.Events, "parquet:") && !strings.HasPrefix(c.Events, "clickhouse://") {
		l.Add("events", "must begin with parquet: or clickhouse://")
	}
	if _, err := retention(c.EventsKeep); err != nil {
		l.Add("events_keep", "%s", problem.Text(err))
	}
	if c.KeyFile == "" {
		l.Add("key_file", "is required")
	}
	if (c.TSAURL == "") != (c.TSACertFile == "") {
		l.Add("tsa_certificates", "address and certificates of the time-stamp authority go together: one that is not trusted proves nothing")
	}
	if (c.TLSCertificate == "") != (c.TLSKey == "") {
		l.Add("tls_key", "certificate and key go together")
	}
	if len(c.Roles) == 0 {
		l.Add("roles", "name at least one of web, work, ingest")
	}
	for _, r := range c.Roles {
		if !slices.Contains([]string{"web", "work", "ingest"}, r) {
			l.Add("roles", "%q is none of web, work, ingest", r)
		}
	}
	c.checkReceiving(&l)
	if c.SessionIdle < 1 || c.SessionIdle > 24*60 {
		l.Add("session_idle", "must be from 1 to 1440 minutes")
	}
	if c.SignIdle < 1 || c.SignIdle > 15 {
		l.Add("sign_idle", "must be from 1 to 15 minutes")
	}
	if c.SessionLimit < 1 || c.SessionLimit > 24*30 {
		l.Add("session_limit", "must be from 1 to 720 hours")
	}
	if c.DigestHour < -1 || c.DigestHour > 23 {
		l.Add("digest_hour", "must be from 0 to 23, or -1 for never")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		l.Add("log_level", "must be debug, info, warn or error")
	}
	return l.Err("the configuration is not valid")
}

// pages is where browsers find the pages. Without public_url it is this machine under its name, the only one without TLS
// under which browsers allow passkeys.
func (c Config) pages() string {
	_, port, err := net.SplitHostPort(c.Listen)
	if c.PublicURL != "" || err != nil || !loopbackOnly(c.Listen) {
		return c.PublicURL
	}
	return "http://" + net.JoinHostPort("localhost", port)
}

// provider is the door of the identity provider; nil when there is none.
func (c Config) provider(d *people.Directory) (*sso.Door, error) {
	if c.OIDCIssuer == "" {
		return nil, nil
	}
	p := sso.Config{Issuer: c.OIDCIssuer, Name: c.OIDCName, ClientID: c.OIDCClientID, Match: sso.Match(c.OIDCMatch), Create: c.OIDCCreate}
	for _, domain := range c.OIDCDomains {
		p.Domains = append(p.Domains, strings.ToLower(strings.TrimSpace(domain)))
	}
	if at := c.pages(); at != "" {
		p.Redirect = strings.TrimSuffix(at, "/") + web.ProviderBack
	}
	if c.OIDCSecretFile != "" {
		body, err := readSmall(c.OIDCSecretFile)
		if err != nil {
			return nil, problem.About(err, "read the secret for the identity provider %s", c.OIDCSecretFile)
		}
		p.Secret = strings.TrimSpace(string(body))
	}
	return sso.Open(d, p, &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true})
}

// outside asks the time-stamp authority of others; nil when there is none.
func (c Config) outside(s *signature.Signer) (*ingest.Stamps, error) {
	if c.TSAURL == "" {
		return nil, nil
	}
	trusted, err := readSmall(c.TSACertFile)
	if err != nil {
		return nil, problem.About(err, "read the certificates of the time-stamp authority %s", c.TSACertFile)
	}
	client := ingest.NewClient(&tls.Config{MinVersion: tls.VersionTLS12})
	return &ingest.Stamps{Signer: s, Authority: signature.Outside{Name: c.TSAURL, Certificates: []string{string(trusted)}}, HTTP: client}, nil
}

// stampKeyFile is where the key of the time-stamp authority is.
func (c Config) stampKeyFile() string {
	if c.StampKeyFile != "" {
		return c.StampKeyFile
	}
	return filepath.Join(filepath.Dir(c.KeyFile), "time-stamp.pem")
}

// Print writes the effective values as TOML. A password in an address is not shown.
func (c Config) Print() (string, error) {
	if u, err := url.Parse(c.Database); err == nil && u.User != nil {
		c.Database = u.Redacted()
	}
	if u, err := url.Parse(c.Blobs); err == nil && u.User != nil {
		c.Blobs = u.Redacted()
	}
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(c)
	return b.String(), err
}

// sealKeyFile is where the key that seals PDF files is.
func (c Config) sealKeyFile() string {
	if c.SealKeyFile != "" {
		return c.SealKeyFile
	}
	return filepath.Join(filepath.Dir(c.KeyFile), "seal.pem")
}

// evidenceKeyFile is where the keys of evidence are.
func (c Config) evidenceKeyFile() string {
	if c.EvidenceKeys != "" {
		return c.EvidenceKeys
	}
	return filepath.Join(filepath.Dir(c.KeyFile), "evidence.keys")
}
