"""Analyses texts, one JSON string a line, with Presidio's defaults; prints bytes and processor seconds, loading left out."""

import json
import sys
import time

import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

texts = [json.loads(line) for line in sys.stdin]
models = [name for name in ("en_core_web_lg", "en_core_web_md", "en_core_web_sm") if spacy.util.is_package(name)]
if not models:
    sys.exit("no English model of spaCy is installed")
models = [{"lang_code": "en", "model_name": models[0]}]
engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
analyzer.analyze("Ann Lee lives in Leeds.", language="en")
begun = time.process_time()
for text in texts:
    analyzer.analyze(text, language="en")
seconds = time.process_time() - begun
print(json.dumps({"bytes": sum(len(text.encode()) for text in texts), "cpu_seconds": seconds}))
