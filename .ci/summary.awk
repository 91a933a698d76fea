# Reads the output of "go test -v" and prints one line for each package, everything that a failed test said, and at the
# end what was skipped with the reason. Its own exit code is 0; make takes that of go test.

/^=== (RUN|CONT|NAME)/ { current = $3; next }
/^=== PAUSE/           { current = ""; next }

/^ *--- (PASS|FAIL|SKIP): / {
	line = $0
	sub(/^ +/, "", line)
	name = $3
	if ($2 == "FAIL:") {
		print line
		printf "%s", said[name]
		failed++
	} else if ($2 == "SKIP:") {
		skipped++
		reason = last[name]
		sub(/^ *[^ ]+\.go:[0-9]+: /, "", reason)
		if (!(reason in skips)) order[++reasons] = reason
		skips[reason] = skips[reason] "\n      " name
		count[reason]++
	} else {
		passed++
	}
	delete said[name]
	current = ""
	next
}

/^(ok|FAIL|\?) *\t/ {
	if ($1 == "FAIL") { # a panic or a time-out ends a package without results of its tests
		for (n in said) printf "%s", said[n]
	}
	for (n in said) delete said[n]
	current = ""
	if ($0 !~ /\[no test files\]/) print
	fflush()
	next
}

/^(PASS|FAIL)$/ { current = ""; next }

current != "" { said[current] = said[current] $0 "\n"; if ($0 != "") last[current] = $0; next }

{ print }

END {
	for (i = 1; i <= reasons; i++) {
		if (i == 1) print "\nSkipped:"
		printf "  %s (%d)%s\n", order[i], count[order[i]], skips[order[i]]
	}
	printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
}
