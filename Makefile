# The commands of the project; each is a script in scripts/ (CONTRIBUTING.md tells what they do).
# On a fresh clone each first installs what is missing, into .tools/.

.PHONY: help run build test audit bench load lint test-engines

help:
	@echo "make run           build everything, serve it at http://127.0.0.1:8080 (PORT=, SOURCE=, DATA= change it)"
	@echo "make test          run every test, the browser's included"
	@echo "make build         build the page (dist/) and the server (target/release/sweep)"
	@echo "make lint          formatting and lints, on native and on wasm"
	@echo "make audit         check the dependencies: vulnerabilities, licences, sources"
	@echo "make bench         measure what must be fast"
	@echo "make load          load a server with 10^6 trials, 500 sessions, 10^6 metric points, and measure"
	@echo "make test-engines  test against real Ray and Slurm"

run build test audit bench load lint test-engines:
	@scripts/$@.sh
