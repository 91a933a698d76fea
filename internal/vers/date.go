package vers

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Date is a calendar date of which month and day may be unknown (0). A zero Year with a month is a date whose year the
// text does not give. The zero Date is no date.
type Date struct{ Year, Month, Day int }

// IsZero reports whether there is no date at all.
func (d Date) IsZero() bool { return d == Date{} }

// String is "2018", "2018-04" or "2018-04-01"; an unknown year is "????".
func (d Date) String() string {
	y := "????"
	if d.Year != 0 {
		y = fmt.Sprintf("%04d", d.Year)
	}
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0:
		return y
	case d.Day == 0:
		return fmt.Sprintf("%s-%02d", y, d.Month)
	}
	return fmt.Sprintf("%s-%02d-%02d", y, d.Month, d.Day)
}

// first and last bound the days that the date may mean, as yyyymmdd.
func (d Date) first() int { return d.Year*10000 + max(d.Month, 1)*100 + max(d.Day, 1) }

func (d Date) last() int {
	m, day := d.Month, d.Day
	if m == 0 {
		m = 12
	}
	if day == 0 {
		day = 31
	}
	return d.Year*10000 + m*100 + day
}

// holdsDate decides "have op bound" over the days that each may mean.
func holdsDate(have Date, op Op, bound Date) (Truth, string) {
	if bound.Year == 0 {
		return Unknown, "the text gives no year for " + bound.String()
	}
	lo, hi, from, to := have.first(), have.last(), bound.first(), bound.last()
	var yes, no bool
	switch op {
	case Less:
		yes, no = hi < from, lo >= from
	case LessEqual:
		yes, no = hi <= to, lo > to
	case Greater:
		yes, no = lo > to, hi <= to
	case GreaterEqual:
		yes, no = lo >= from, hi < from
	case Equal:
		yes, no = lo >= from && hi <= to, hi < from || lo > to
	default:
		yes, no = hi < from || lo > to, lo >= from && hi <= to
	}
	switch {
	case yes:
		return True, ""
	case no:
		return False, ""
	}
	return Unknown, "the date is not exact enough"
}

const monthNames = `(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`

// The ways in which advisories write dates, each anchored at the place where the lexer stands.
var (
	dateMDY = regexp.MustCompile(`^` + monthNames + `[ -]+(\d{1,2})(?:st|nd|rd|th)?,?[ -]+((?:19|20)\d\d)\b`)
	dateMY  = regexp.MustCompile(`^` + monthNames + `,?[ -]+((?:19|20)\d\d)\b`)
	dateMD  = regexp.MustCompile(`^` + monthNames + `[ -]+(\d{1,2})(?:st|nd|rd|th)?\b`)
	dateDMY = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?[ -]+(?:of +)?` + monthNames + `,?[ -]+((?:19|20)\d\d)\b`)
	dateISO = regexp.MustCompile(`^((?:19|20)\d\d)-(\d\d)-(\d\d)\b`)
	dateUS  = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)\b`)
)

// scanDate reads a date at the start of lower-case text and its length; 0 when there is none.
func scanDate(s string) (Date, int) {
	if s == "" || !letter(s[0]) && !digit(s[0]) {
		return Date{}, 0
	}
	if m := dateMDY.FindStringSubmatch(s); m != nil {
		return dateOf(m[3], m[1], m[2], m[0])
	}
	if m := dateMY.FindStringSubmatch(s); m != nil {
		return dateOf(m[2], m[1], "", m[0])
	}
	if m := dateDMY.FindStringSubmatch(s); m != nil {
		return dateOf(m[3], m[2], m[1], m[0])
	}
	if m := dateISO.FindStringSubmatch(s); m != nil {
		return dateOf(m[1], m[2], m[3], m[0])
	}
	if m := dateUS.FindStringSubmatch(s); m != nil {
		month, day := m[1], m[2]
		if decimalOf(month) > 12 { // day first; where both orders are possible the date stays unread
			month, day = day, month
		} else if decimalOf(day) <= 12 && decimalOf(day) != decimalOf(month) {
			return Date{}, 0
		}
		return dateOf(m[3], month, day, m[0])
	}
	if m := dateMD.FindStringSubmatch(s); m != nil {
		return dateOf("", m[1], m[2], m[0])
	}
	return Date{}, 0
}

func decimalOf(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func dateOf(year, month, day, all string) (Date, int) {
	d := Date{Year: decimalOf(year), Month: decimalOf(month), Day: decimalOf(day)}
	if len(month) >= 3 {
		d.Month = strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", month[:3])/3 + 1
	}
	if d.Month < 1 || d.Month > 12 || d.Day > 31 || day != "" && d.Day == 0 {
		return Date{}, 0
	}
	return d, len(all)
}
