// Package content holds data that was written for Triward and is built into the program.
//
// demo/ is the demonstration: an invented hospital, invented makers, their advisories, software lists and feeds. No maker,
// product or weakness in it is real, except the open-source components in the software lists and what is published about
// them. A date is written as @-12@ (twelve days before the demonstration was made) or @-12T09:00@ (an instant, UTC), so
// that the demonstration is of today whenever it is made. Files of feeds lie in the folder of the day on which they appear.
package content
