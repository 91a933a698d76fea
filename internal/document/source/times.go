package source

import (
	"regexp"
	"strings"
)

// A time is a number, in digits or words, with a unit; or a duration as ISO 8601 and programs write it. Years of laws and
// standards have no unit behind them, and words of rhythm (daily, yearly) have no number: neither is a time here.
var (
	numberWords = `one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|` +
		`(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|(?:a |one )?hundred|a few|a couple of|several|half an?`
	between  = `(?:[ -]+(?:working|calendar|business|full|whole|consecutive))?[ -]+`
	longUnit = `(?:seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|quarters?|years?)`

	timeForms = []*regexp.Regexp{
		regexp.MustCompile(`(?i)\b(?:` + numberWords + `)` + between + longUnit + `\b`),
		regexp.MustCompile(`(?i)\b[0-9]+(?:[.,][0-9]+)?(?:` + between + `)?` + longUnit + `\b`),
		regexp.MustCompile(`\b[0-9]+(?:[.,][0-9]+)? ?(?:h|hrs?|mins?|secs?|ms|wks?|yrs?)\b`),
		regexp.MustCompile(`\b[0-9]+d\b`),
		regexp.MustCompile(`(?i)\b(?:within|after|under|at most|at least|than) an? (?:second|minute|hour|day|week|fortnight|month|quarter|year)\b`),
		regexp.MustCompile(`\bP(?:[0-9]+[YMWD])+(?:T(?:[0-9]+[HMS])+)?\b|\bPT(?:[0-9]+[HMS])+\b`),
	}
	celDuration = regexp.MustCompile(`duration\s*\(\s*['"][^'"]*['"]\s*\)`)

	// One of two parties is no span of time, and a part of a whole is none either.
	ordinal  = regexp.MustCompile(`(?i)\b(?:` + numberWords + `)[ -]+second$`)
	fraction = regexp.MustCompile(`(?i)quarters?$`)
)

// Times are the times that a text names.
func Times(s string) []string {
	var out []string
	for _, form := range timeForms {
		for _, at := range form.FindAllStringIndex(s, -1) {
			found := s[at[0]:at[1]]
			if ordinal.MatchString(found) || fraction.MatchString(found) && strings.HasPrefix(s[at[1]:], " of") {
				continue
			}
			out = append(out, found)
		}
	}
	return out
}
