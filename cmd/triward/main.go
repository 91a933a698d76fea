// Command triward is the three-layer defence for connected medical devices: server, web pages, API and command line.
package main

import (
	"os"
	_ "time/tzdata" // authorities count days in their own zones, also on a machine that has no zone files

	"triward/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
