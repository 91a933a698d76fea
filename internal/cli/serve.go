package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"triward/internal/app"
	"triward/internal/cli/terminal"
)

func (p *program) serve() *cobra.Command {
	var listen, roles string
	var demo bool
	c := &cobra.Command{Use: "serve", Short: "Run the server: web pages, API, feeds and ranking", Args: terminal.Exactly(0), RunE: func(c *cobra.Command, _ []string) error {
		conf, err := p.load()
		if err != nil {
			return err
		}
		if listen != "" {
			conf.Listen = listen
		}
		if roles != "" {
			conf.Roles = strings.Split(roles, ",")
		}
		if err := conf.Validate(); err != nil {
			return err
		}
		return p.run(c.Context(), serving{conf, demo})
	}}
	c.Flags().StringVar(&listen, "listen", "", "address and port, instead of the configuration's")
	c.Flags().StringVar(&roles, "role", "", "comma-separated roles of this process: web, work, ingest")
	c.Flags().BoolVar(&demo, "demo", false, "fill an empty database with the demonstration")
	return c
}

// serving is how the server starts.
type serving struct {
	app.Config
	demo bool // fill an empty database with the demonstration
}

func (p *program) run(ctx context.Context, s serving) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(p.Err, &slog.HandlerOptions{Level: level}))
	app.TuneCollector()
	a, err := app.New(ctx, s.Config, log)
	if err != nil {
		return err
	}
	defer a.Close()
	a.Version = buildVersion
	var signIn string
	if s.demo {
		if signIn, err = a.Demonstrate(ctx); err != nil {
			return err
		}
	}
	return a.Serve(ctx, func(address string) {
		if s.PublicURL != "" {
			address = s.PublicURL
		}
		fmt.Fprintf(p.Out, "Triward answers at %s\n", address)
		if err := notifyReady(os.Getenv("NOTIFY_SOCKET")); err != nil {
			log.Warn("who started the program was not told that it is ready", "error", err)
		}
		if signIn != "" {
			fmt.Fprint(p.Out, signIn)
			return
		}
		link, err := a.SetupLink(ctx, address)
		if err != nil {
			log.Error("no set-up link", "error", err)
			return
		}
		if link != "" {
			fmt.Fprintf(p.Out, "Make the first account with this link, once, within 24 hours:\n  %s\n", link)
		}
	})
}

// notifyReady tells who started the program that it answers, by the socket that systemd names in the environment of a
// service of Type=notify (sd_notify(3)); "" when nobody asked.
func notifyReady(socket string) error {
	if socket == "" {
		return nil
	}
	c, err := net.Dial("unixgram", socket)
	if err != nil {
		return err
	}
	_, err = c.Write([]byte("READY=1"))
	return errors.Join(err, c.Close())
}
