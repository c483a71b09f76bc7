# Every command a developer needs. Variables: PYTHON (python3), PORT, HTTP_HOST, HTTP_PORT, DATA_DIR, CENTRAL_SYSTEM, NAME.
export PYTHON PORT HTTP_HOST HTTP_PORT DATA_DIR CENTRAL_SYSTEM
.PHONY: help run catalogues chinese-font demo-csms test check bench smoke fuzz soak mutants lock

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

run: ## a simulated station; PORT=/dev/ttyUSB0 a real line, HTTP_PORT=8080 another web port, CENTRAL_SYSTEM=ws://... OCPP
	@exec scripts/run

demo-csms: ## a small central system with a page; then, in a second terminal: make run CENTRAL_SYSTEM=ws://127.0.0.1:9000/ocpp
	@scripts/venv requirements.txt && .venv/bin/python manage.py demo_csms

test: ## every test that can run here
	@scripts/test

check: ## format, lint, types, architecture, migrations, house rules
	@scripts/check

bench: ## measure; NAME=x for one measurement
	@scripts/venv requirements-dev.txt && .venv/bin/python -m tests.bench $(NAME)

smoke: ## one charge from plug to unplug on a station of its own
	@scripts/venv requirements-dev.txt && .venv/bin/python -m tests.smoke

fuzz: ## the property tests with many more examples
	@scripts/venv requirements-dev.txt && .venv/bin/python -m pytest -q -m fuzz --hypothesis-profile=fuzz

soak: ## the measurements, for hours
	@scripts/venv requirements-dev.txt && .venv/bin/python -m tests.bench --soak $(NAME)

mutants: ## break one line for each conformance case: does its test notice? NAME="TC_010 ..." for some
	@scripts/venv requirements-dev.txt && .venv/bin/python -m tests.ocpp_client.conformance.mutants $(NAME)

catalogues: ## bring the screen's translations up to date with kiosk/sentences (needs gettext)
	@scripts/venv requirements.txt && .venv/bin/python scripts/catalogues.py

chinese-font: ## cut the screen's Chinese font anew, to the signs of its sentences (needs Debian's apt)
	@scripts/chinese_font

lock: ## write the requirements files anew
	@scripts/lock
