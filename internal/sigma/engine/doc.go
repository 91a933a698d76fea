// Package engine matches events with Sigma rules.
package engine
