package online

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
	"triward/internal/problem"
)

// Remote is a server and how to reach it: a URL with a token, or the socket of this machine.
type Remote struct {
	*terminal.Terminal
	Socket func() (string, error) // its path; "" when the configuration names none

	server    string
	tokenFile string
	faults    []error // columns that do not exist: a test wants none
}

// flags adds what every command of a server takes.
func (r *Remote) flags(c *cobra.Command) {
	c.PersistentFlags().StringVar(&r.server, "server", os.Getenv("TRIWARD_SERVER"), "address of the server; absent: the socket of this machine")
	c.PersistentFlags().StringVar(&r.tokenFile, "token-file", os.Getenv("TRIWARD_TOKEN_FILE"), "file with an API token (mode 0600), with --server")
}

// maxToken bounds a token file.
const maxToken = 4 << 10

// client connects to nothing yet: the first request does.
func (r *Remote) client() (*client.Client, error) {
	if r.server == "" {
		if r.tokenFile != "" {
			return nil, terminal.Misused("--token-file needs --server")
		}
		socket, err := r.Socket()
		if err != nil {
			return nil, err
		}
		if socket == "" {
			return nil, terminal.Misused("the configuration names no socket: give --server and --token-file")
		}
		return client.Socket(socket), nil
	}
	if r.tokenFile == "" {
		return nil, terminal.Misused("--server needs --token-file")
	}
	s, err := os.Stat(r.tokenFile)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read the token file %s: %v", r.tokenFile, terminal.Reason(err))
	}
	if s.Mode().Perm()&0o077 != 0 {
		return nil, problem.New(problem.Forbidden, "others may read the token file %s: set its mode to 0600", r.tokenFile)
	}
	text, err := terminal.ReadFile(r.tokenFile, maxToken)
	if err != nil {
		return nil, err
	}
	c, err := client.New(r.server, strings.TrimSpace(string(text)), nil)
	if err != nil {
		return nil, terminal.Misused("%w", err)
	}
	return c, nil
}

// told turns what a server says into errors of this program, which decide the exit code and how faults are shown.
func told(err error) error {
	var p *apiv1.Problem
	switch {
	case errors.Is(err, client.ErrUnreachable):
		return problem.New(problem.Unavailable, "%v", err)
	case !errors.As(err, &p):
		return err
	}
	out := &problem.Error{Kind: kindOf(p.Status), Message: p.Error()}
	for _, f := range p.Errors {
		out.Faults = append(out.Faults, problem.Fault{Path: strings.TrimPrefix(f.Location, "body."), Reason: f.Message})
	}
	return out
}

func kindOf(status int) problem.Kind {
	switch status {
	case http.StatusNotFound:
		return problem.NotFound
	case http.StatusConflict:
		return problem.Conflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return problem.Forbidden
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return problem.Unavailable
	}
	return problem.Invalid
}

// named are the arguments that may be a name instead of an id, and what finds the id.
var named = map[string]func(context.Context, *client.Client, string) (string, error){
	"DEVICE": deviceID, "KEEP": deviceID, "DROP": deviceID, "ACCOUNT": accountID, "FEED": feedID, "REVISION": revisionID,
}

// deviceID is the id of a device that is named by its id or its asset tag.
func deviceID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "dev_") {
		return name, nil
	}
	found := map[string]bool{}
	for _, state := range []string{"active", "retired"} { // a tag of a retired device may be in use again
		p, err := c.Devices(ctx, apiv1.DeviceQuery{DeviceFilter: apiv1.DeviceFilter{Text: name, State: state}, Cursor: apiv1.Cursor{Limit: mostPerRequest}})
		if err != nil {
			return "", err
		}
		for _, d := range p.Items {
			if strings.EqualFold(d.AssetTag, name) {
				found[d.ID] = true
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch len(found) {
	case 0:
		return "", problem.New(problem.NotFound, "there is no device with the asset tag %q", name)
	case 1:
		for id := range found {
			return id, nil
		}
	}
	return "", problem.New(problem.Conflict, "%d devices have the asset tag %q: name one by its id", len(found), name)
}

// deviceIDs are those of several devices.
func deviceIDs(ctx context.Context, c *client.Client, names []string) error {
	for i, n := range names {
		id, err := deviceID(ctx, c, n)
		if err != nil {
			return err
		}
		names[i] = id
	}
	return nil
}

// accountID is the id of an account that is named by its id or its login.
func accountID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "usr_") {
		return name, nil
	}
	p, err := c.Accounts(ctx, apiv1.AccountQuery{Text: name, Cursor: apiv1.Cursor{Limit: mostPerRequest}})
	if err != nil {
		return "", err
	}
	for _, a := range p.Items {
		if a.Login == strings.ToLower(name) {
			return a.ID, nil
		}
	}
	return "", problem.New(problem.NotFound, "there is no account with the login %q", name)
}

// feedID is the id of a feed that is named by its id or its name.
func feedID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "fed_") {
		return name, nil
	}
	l, err := c.Feeds(ctx)
	if err != nil {
		return "", err
	}
	for _, f := range l.Items {
		if strings.EqualFold(f.Name, name) {
			return f.ID, nil
		}
	}
	return "", problem.New(problem.NotFound, "there is no feed %q", name)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
