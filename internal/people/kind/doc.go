// Package kind holds the words of the permission vocabulary that are not about people: what a role may see or record in each
// area of the program.
package kind
