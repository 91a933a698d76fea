// Package app puts the program together: configuration, who follows what, periodic work, and the server.
package app
