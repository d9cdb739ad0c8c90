"""Hyperparameters of the optimisation: rates, batches, lengths, regularisation, and what comes beside them.

Invariant: the more special name comes first, so that it takes its number before the general one looks.
"""

from __future__ import annotations

from .sentences import NUMBER
from .subject import Subject

_STEP = (
    r"(?:optimi[sz](?:er|ation)\s|gradient\s|parameter\s|training\s|weight\s|update\s|SGD\s)?(?:steps|iterations"
    r"|updates|iters|step\b|minibatches|mini-batches)"
)
_ROW = (
    r"(?:images?|sequences?|examples?|samples?|tokens?|sentences?|utterances?|rows|windows?|documents|series|pairs"
    r"|segments?|graphs|molecules"
    r"|reviews|records|clips|spectrograms|patches|crops|instances|tiles|frames|data points|customers|articles"
    r"|sentence pairs"
    r"|speakers)"
)
_AFTER = r"(?<!stop\s)(?<!stops\s)(?<!stopped\s)(?<!ends\s)(?<!ended\s)(?<!finished\s)(?<!finishes\s)(?<!latest\s)after"
_BETTER = r"(?:improv|decreas|increas|progress|gain|better|drop|ris|fall|fell|chang|lower|reduc|new|grow|go|gone)"
_CHECKS = (
    r"(?:consecutive\s|successive\s|more\s)?(?:epochs|evaluations|validation\s(?:checks|rounds|runs)|rounds|checks"
    r"|steps|passes)"
)
_LR = r"(?:learning[- _]?rates?|learningrate|step[- ]?sizes?|lrs?)"

TRAINING: tuple[Subject, ...] = (
    Subject(
        "accumulation_steps",
        r"(?:gradient[- _]?)?accumulation[- _]?steps?|accumulat(?:e|ed|es|ing)\s(?:the\s)?(?:gradients?\s)?(?:over"
        r"|for|across)|gradient[- _]accumulation(?:\sfactor)?"
        r"|gradients\s(?:are|were)\saccumulated\s(?:over|for|across)|accum(?:ulate)?_grad(?:_batches)?",
        counted=(
            r"#\s(?:gradient[- ])?accumulation\ssteps",
            r"accumulat\w+\s#\stimes",
            r"accumulat\w+\s(?:the\s)?(?:gradients?\s)?(?:over|for|across)\s#\s(?:micro-?\s?batches|steps|batches"
            r"|mini-?batches)"
        ),
        least=1, most=4096, whole=True,
    ),
    Subject(
        "warmup_epochs", r"warm[- _]?up[- _]?epochs?",
        counted=(
            r"#[\s-](?:epochs?\s(?:of\s)?(?:linear\s|learning[- ]rate\s|lr\s)?warm[- ]?up|warm[- ]?up\sepochs?"
            r"|epochs?\s(?:linear\s)?warm-?\s?up|linear\swarm-?up\sepochs)",
            r"warm(?:ed|s|ing)?[- ]?(?:up)?(?:\s(?:it|the\slearning\srate|phase|period|stage|schedule|linearly"
            r"|the\srate|of|lasting|lasts))*\s(?:linearly\s)?(?:over|for|during|in|across|of"
            r"|within)\s(?:the\s)?(?:first\s|initial\s)?#\sepochs?",
            r"(?:ramp\w*|increas\w+|rais\w+|ris\w+|grow\w*)\b[^.;]{0,50}(?:over|during|for|in)\s(?:the\s)?(?:first"
            r"|initial)\s#\sepochs?",
            r"epochs\b[^.;]{0,30}\bfirst\s#\s(?:are|were|is)\s(?:\w+\s)?warm",
            r"(?:first|initial)\s#\sepochs\s(?:are|is|were|as|for)\s(?:a\s|used\s(?:for|as)\s)?(?:linear\s)?warm",
        ),
        most=1e4,
    ),
    Subject(
        "warmup_steps",
        r"(?:linear\s)?warm[- _]?up[- _]?(?:steps|iterations|updates|iters)|num_warmup_steps"
        r"|warm[- ]?up(?=\s(?:of|for|over|:|=))",
        symbols="T N s w",
        counted=(
            rf"#[\s-](?:linear\s)?(?:warm[- ]?up\s{_STEP}|{_STEP}\s(?:of\s)?(?:linear\s|learning[- ]rate\s"
            rf"|lr\s)?(?:warm[- ]?up|warming)|(?:-|\s)?step\s(?:linear\s)?warm-?up"
            rf"|(?:linear\s)?warm-?up\b(?!\s*(?:epoch|%)))",
            rf"warm(?:ed|s|ing)?[- ]?(?:up)?(?:\s(?:it|the\slearning\srate|phase|period|stage|schedule|linearly"
            rf"|the\srate|of|lasting|lasts))*\s(?:linearly\s)?(?:over|for|during|in|across|of"
            rf"|within)\s(?:the\s)?(?:first\s|initial\s)?#\s{_STEP}",
            rf"(?:ramp\w*|increas\w+|rais\w+|ris\w+|grow\w*)\b[^.;]{{0,60}}(?:over|during|for"
            rf"|in)\s(?:the\s)?(?:first|initial)\s#\s{_STEP}",
            rf"(?:first|initial)\s#\s{_STEP}\s(?:are|is|were|as|for)\s(?:a\s|used\s(?:for|as)\s)?(?:linear\s)?warm",
        ),
        unless_after=r"[^.]{0,25}(?:epochs?\b|[\ue000-\uf8ff]\s*(?:epochs?|%))",
        least=1, most=1e8, whole=True,
    ),
    Subject(
        "warmup_ratio", r"warm[- _]?up[- _]?(?:ratio|fraction|proportion)",
        counted=(
            r"#\sof\s(?:all\s|the\s)?(?:training\s)?steps\s(?:of\s|for\s|as\s)?(?:linear\s)?warm-?up",
            r"#\s(?:of\s)?(?:linear\s)?warm-?up\b(?!\s(?:steps|epochs))",
            rf"warm[- ]?(?:ed\s)?up\b[^.;\ue000-\uf8ff]{{0,30}}\s#\sof\s(?:all\s|the\s|total\s|training\s)*{_STEP}",
            rf"(?:first|initial)\s#\sof\s(?:all\s|the\s|total\s|training\s)*(?:{_STEP}|training)",
        ),
        most=1, share=True,
    ),
    Subject(
        "min_learning_rate",
        rf"(?:(?:minimum|min|minimal|final|end|ending|lowest|terminal)[- _]?(?:value\sof\sthe\s)?{_LR}"
        rf"|{_LR}[- _](?:min|minimum|floor|end)|min_lr|eta_min|η_?min|lr_min"
        r"|(?:decay|anneal|decreas|drop|reduc|lower|cosine|brought|falls?|schedule)\w*(?:\s(?:it"
        r"|the\slearning\srate|schedule|decay|annealing|linearly|gradually|smoothly|exponentially|learning\srate|is"
        r"|are|with|a))*\s(?:down\s)?to\s(?:a\s|the\s)?(?:minimum|final|floor)?(?:\s(?:value|learning\srate"
        r"|rate))?(?:\sof)?)",
        symbols="η lr", above_zero=False, most=1,
        unless_after=r"\s*[\ue000-\uf8ff]\s*(?:%|of|×|times|epochs?|steps|Hz|kHz|pixels|tokens|dim)",
    ),
    Subject("learning_rate_decay", r"layer(?:-?wise)?\s(?:(?:learning[- ]rate|lr)\s)?decay(?:\s(?:rate|factor"
                                   r"|of))?", most=1),
    Subject(
        "learning_rate",
        rf"(?:{_LR}\s(?:\w+\s){{0,4}}?(?:warm\w*|ris\w+|ramp\w*|increas\w+|grow\w*|climb\w*)"
        rf"|warm\w*[- ]?(?:up)?)\b[^.;:]{{0,70}}?\bto\s(?:a\s|the\s|its\s)?(?:peak|maximum|max|target|base"
        rf"|full)?\s?(?:value|learning\srate|rate|lr)?\s?(?:of)?"
        rf"|(?:(?:peak|initial|base|max|maximum|starting|constant|fixed|top)[- _]?)*{_LR}(?:[- _](?:init|max|peak"
        rf"|value))?|peak_lr|base_lr|max_lr|(?:peak|initial|base|starting|maximum)\srate",
        symbols="η α γ lr LR ε_0 init η0 0 max peak", least=1e-9, most=20, direct=True,
        unless_after=r"[- _](?:decay|drop|schedule|warm|factor|multipl|scal|search|sched|reduc)",
    ),
    Subject(
        "batch_size",
        r"(?:(?:global|total|effective|training|train|mini|per[- _]?device|per[- _]?gpu"
        r"|overall)[- _]?)*(?:mini[- ]?)?batch[- _]?sizes?|(?:mini[- ]?)?batch(?:es)?(?:\s(?:of|size|:|=))?|bsz"
        r"|train_batch_size|(?:mini-?)?batches\sof\s(?:size\s)?",
        symbols="B b N bs size",
        counted=(
            rf"(?:mini[- ]?)?batch(?:es)?\s(?:of|with|contain(?:s|ing)|consists?\sof|hold(?:s|ing)?|compris(?:es"
            rf"|ing))\s(?:size\s)?(?:about\s|roughly\s|approximately\s)?#[\s-](?:\w+\s){{0,2}}?{_ROW}",
            rf"#[\s-](?:\w+\s)?{_ROW}\s(?:per|in\s(?:each|every|a)|a|to\sa|into\s(?:a|each|every"
            rf"|one))\s(?:(?:mini[- ]?)?batch|(?:training\s|optimi[sz]er\s|gradient\s)?(?:update|step|iteration)"
            rf"|GPU|device)",
            r"#[\s-](?:per|on\seach)\s(?:GPU|device)\sbatch",
            r"(?<=\()#\s(?:per|on\seach|for\seach)\s(?:GPU|device|card|worker)\b",
        ),
        unless_after=r"[\s-]*(?:norm|normali[sz])", least=1, most=1e9, whole=True, unit=_ROW,
    ),
    Subject(
        "patience",
        r"(?:early[- ]stopping\s)?patience(?:\s(?:of|is|parameter))?|early[- _]stopping(?:\s(?:rounds|after"
        r"|patience))?|early_stopping_rounds",
        counted=(
            rf"(?:\b(?:no|not|without|fails?\sto)\b"
            rf"|n't\b)[^.;\ue000-\uf8ff]{{0,60}}\b{_BETTER}\w*\b[^.;\ue000-\uf8ff]{{0,40}}(?:for|in"
            rf"|within|over|after)\s(?:the\slast\s)?#\s{_CHECKS}",
            rf"\b(?:stops?|stagnat\w+|stall\w*)\b[^.;\ue000-\uf8ff]{{0,70}}(?:for|in|within|over"
            rf"|after)\s(?:the\slast\s)?#\s{_CHECKS}",
            r"#\s(?:consecutive\s|successive\s)?(?:epochs|evaluations|rounds|checks)\s(?:without|with\sno"
            r"|in\swhich\s\w+\sdoes\snot)",
            r"(?:early[- ]stop\w*|stop(?:ped)?\searly|patience)\b[^.;\ue000-\uf8ff]{0,50}(?:after|of"
            r"|for)\s#\s(?:consecutive\s)?(?:epochs|evaluations|rounds|checks|validation)",
        ),
        least=1, most=1e5, whole=True,
        unit=r"epochs|evaluations|rounds|checks|steps",
    ),
    Subject(
        "epochs",
        r"(?:(?:number|no\.?)\s(?:of\s)?(?:training\s)?|num_?|n_?|max_?|total\s|training\s|train\s"
        r"|num_train_)epochs?|epochs(?=\s*[:=|])",
        symbols="E T N",
        counted=(
            r"#[\s-](?:\w+\s)?epochs?\b",
            r"#\s(?:full\s|complete\s)?passes\s(?:over|through)\s(?:the\s)?(?:\w+\s)?(?:data|training|train|corpus"
            r"|set)",
            r"\bepochs?\s?[:=]\s?#",
        ),
        unless_before=
            r"(?:every|each|" + _AFTER + r"|first|last|at|per|within|in|than|by|until|another|patience\sof|once"
                                         r"|additional"
            r"|final|initial|remaining|begin\w*|from)(?:\s(?:about|the|only|first|last|just|another))*",
        least=0.5, most=1e6,
    ),
    Subject(
        "steps",
        r"(?:(?:number|no\.?)\sof\s|num_?|n_?|max_?|total\s|max[- ]|training\s)(?:training\s|gradient\s"
        r"|optimi[sz]er\s|update\s|train_)*(?:steps|iterations|updates|iters)|max_steps|total_steps"
        r"|steps(?=\s*[:=])",
        symbols="T N K",
        counted=(
            rf"#[\s-](?:(?!time|sampling|inference|horizon|prediction|forecast|look|diffusion|denoising|hop"
            rf"|warm)[a-z-]+\s)?{_STEP}(?!\s(?:of\s)?(?:warm|accum|delay|ahead|decay))(?!\slater)(?!\s(?:per|a|each"
            rf"|in\severy)\scycle)",
        ),
        unless_before=
            r"(?:every|each|" + _AFTER + r"|first|last|at|per|than|by|until|patience\sof|once|initial"
            r"|accumulat\w+\s(?:\w+\s)?over|warm-?up\sof|over\sthe\sfirst|remaining|in|horizon\sof|next|past|ahead"
            r"|about|(?:patch(?:es)?|strides?|blocks?|chunks?|segments?|windows?)\sof|(?:horizon|window|look-?back"
            r"|lag|stride"
            r"|context|length)\s(?:is|of|was))(?:\s(?:the|only|first|last|just))*",
        least=2, most=1e10, whole=True,
    ),
    Subject(
        "weight_decay",
        r"(?:decoupled\s)?weight[- _]?decay(?:\s(?:coefficient|factor|rate|strength|parameter|term|of))?|\bwd"
        r"|l_?2[- _]?(?:weight\s)?(?:regulari[sz]ation|penalty|decay|reg|norm\spenalty)(?:\s(?:coefficient"
        r"|strength|factor|weight|of))?|L\^2\s(?:regulari[sz]ation|penalty)|ℓ2[- ](?:regulari[sz]ation|penalty)",
        symbols="λ w wd α", most=1, above_zero=False, direct=True,
    ),
    Subject(
        "label_smoothing",
        r"label[- _]?smoothing(?:\s(?:factor|of|parameter|value|coefficient|with))?"
        r"|smooth(?:ed)?\s(?:the\s)?(?:target\s)?labels\s(?:by|with)|(?:labels|targets)\s(?:are"
        r"|were)\ssmoothed\s(?:by|with)",
        symbols="ε α εls ε_ls ls ε_LS εLS", most=0.99, share=True, direct=True,
    ),
    Subject(
        "gradient_clip",
        r"(?:gradient|grad)s?[- _]?(?:norms?\s?)?[- _]?(?:clip(?:ping|ped|s)?)(?:[- _](?:norm|value|val|threshold"
        r"|at))?|clip(?:ping|ped|s)?[- _]?(?:the\s)?(?:global\s)?(?:gradients?|grad)(?:[- _]norms?)?(?:\s(?:at|to"
        r"|by|with|above|of))*"
        r"|(?:gradients?|gradient\snorms?|global\snorm|norm)(?:\sof\sthe\sgradients?)?\s(?:is|are|was"
        r"|were)\s(?:globally\s)?clipped(?:\s(?:at|to|by|with|above))?|max[- _]?(?:imum\s)?grad(?:ient)?[- _]?norm"
        r"|clip_?norm|grad_?clip|clipped(?:\s(?:at|to))"
        rf"|clip(?:ping)?(?=\s?[:=]?\s?{NUMBER}\s*(?:[,.;)]|$))",
        counted=(
            r"clip\w*\b[^.;\ue000-\uf8ff]{0,40}\b(?:norm|threshold|value|magnitude)s?(?:\s(?:of|to|at|is|was"
            r"|exceeds?|above|larger\sthan|greater\sthan))*\s#",
            r"gradients?\swith\s(?:a\s)?(?:global\s)?norms?\s(?:above|over|exceeding|(?:larger|greater)\sthan"
            r"|of\smore\sthan)\s#",
            r"gradient\snorms?\s(?:is\s|are\s|was\s)?(?:limited|restricted|capped|bounded|cut)\s(?:to|at|by)\s#",
            r"gradient\snorms?\s(?:above|over|exceeding|larger\sthan|to)\s#"),
        symbols="c", most=1e4,
    ),
    Subject("dropout",
        r"dropped\s(?:out\s)?with\s(?:a\s)?(?:probability|rate)|(?:(?:residual|attention|embedding|hidden|input"
        r"|output|layer|variational|recurrent|feature"
        r"|spatial)[- ])*drop-?out[- _]?(?:rate|probability|prob|p|ratio)?(?:\s(?:with|of|at|after))*|p_drop|pdrop"
        r"|P_drop",
        symbols="p P r drop Pdrop d", most=0.99, share=True, above_zero=False, direct=True),
    Subject("stochastic_depth",
        r"(?:stochastic\sdepth|drop[- _]?path)(?:\s(?:rate|probability|drop\srate))?",
        symbols="p", most=0.99, share=True, direct=True),
    Subject("beta1", r"(?:β|beta|b)[_ ]?1", most=0.99999, above_zero=False),
    Subject("beta2", r"(?:β|beta|b)[_ ]?2", most=0.9999999),
    Subject("epsilon", r"ε(?!_?\s?(?:ls|LS))|eps(?:ilon)?|adam[_ ]eps(?:ilon)?", most=0.01, symbols="ε"),
    Subject("ema_decay",
        r"(?:EMA|(?:an\s)?exponential(?:ly)?\s(?:weighted\s)?moving\saverages?|moving\saverage|polyak\saverag\w+"
        r"|weight\saverag\w+|averaged\sweights)(?:\sof\s(?:the\s)?(?:model\s)?(?:weights"
        r"|parameters))?(?:[\s_](?:weights|parameters|is|kept))?(?:,?\s?(?:with"
        r"|using)\s)?(?:\sof\s)?(?:an?\s)?[\s_(]*(?:decay"
        r"|rate|coefficient|factor|momentum)?(?:\s(?:rate|of|factor))*",
        most=0.9999999, least=0.5),
    Subject("momentum",
        r"(?:nesterov\s|nesterov's\s(?:accelerated\s)?)?momentum(?:\s(?:coefficient|term|parameter|factor|of))?"
        r"|heavy-ball\smomentum",
        symbols="μ m β ρ γ", most=0.9999, direct=True),
    Subject("temperature",
        r"(?:softmax\s|distillation\s|sampling\s|contrastive\s)?temperature",
        symbols="τ T t", most=1e4, direct=True),
    Subject("seed",
        r"random[\s_]state|(?:random\s|fixed\s|global\s|rng\s)?seed(?:\s(?:is|was|fixed|set|to|value))*",
        most=2**63, whole=True, above_zero=False, unless_after=r"s\b"),
    Subject(
        "seeds", r"(?:number\sof\s|num_?|n_?)(?:random\s)?seeds",
        counted=(
            r"#\s(?:different\s|random\s|independent\s|training\s|fixed\s|separate\s|distinct\s"
            r"|initiali[sz]ation\s)*seeds",
            r"(?:mean|average[ds]?|median|averaging|reported?|repeat\w*|std|deviation"
            r"|report\s\w+)\b[^.;\ue000-\uf8ff]{0,60}\s#\s(?:different\s|random\s|independent\s|training\s"
            r"|separate\s|full\s|repeated\s)*(?:runs|trials|repetitions|repeats|restarts|initiali[sz]ations|times)",
            r"\b(?:run|repeated|trained|executed|conducted|performed)\s#\stimes",
            r"\bover\s#\s(?:random\s|independent\s|different\s)?(?:runs|trials|repetitions|repeats|restarts"
            r"|initiali[sz]ations)",
            r"#\s(?:independent|random|repeated|separate)\s(?:training\s)?(?:runs|trials|repetitions|restarts"
            r"|initiali[sz]ations)",
        ),
        least=1, most=1000, whole=True,
    ),
    Subject("mask_ratio", r"mask(?:ing)?[- _](?:ratio|probability|rate)(?:\sof)?", counted=(
        r"#\sof\s(?:the\s|all\s)?(?:input\s)?(?:patches|tokens|frames|positions)\s(?:are|is"
        r"|were)\s(?:randomly\s)?masked",
        r"mask(?:s|ed|ing)?\s(?:out\s)?#\sof"), most=1, share=True),
    Subject("lora_rank", r"(?:LoRA[\s_]|adapter\s)?(?<!reciprocal\s)(?<!mean\s)rank(?:\s(?:of|r))?|lora_r"
                         r"|(?<=LoRA\s\()r(?=\s?=)",
        symbols="r", least=1, most=4096, whole=True, unless_after=r"[\s-]*(?:correlation|metric|loss|list|order|one)"),
    Subject("lora_alpha", r"LoRA[\s_](?:α|alpha)|(?<=,\s)(?:alpha|α)(?=\s?[:=]?\s?[\ue000-\uf8ff]\s*(?:,|and|$|\."
                          r"|\)))", least=1, most=4096),
    Subject("mixup_alpha",
        r"mix-?up(?:\s(?:with|strength|coefficient|parameter|alpha|of))*",
        symbols="α", most=10, direct=False),
)
