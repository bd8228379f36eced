# Lists the tasks of a Makefile: lines `task: ... ## What it does.` under `##@ Heading`.
BEGIN { FS = ":.*## " }
/^##@ / { printf "\n%s\n", substr($0, 5) }
/^[a-z-]+:.*## / { printf "  make %-10s  %s\n", $1, $2 }
