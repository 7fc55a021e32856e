// Written by python -m terrarium.web.pages, from data/stories.py.
export default JSON.parse(`{
 "RULES": [
  "spelling",
  "grammar",
  "quotes",
  "name",
  "pronoun",
  "object",
  "place",
  "feeling",
  "ending"
 ],
 "NAMES": {
  "boy": [
   "Tom",
   "Tim",
   "Sam",
   "Max",
   "Ben",
   "Leo",
   "Jack",
   "Dan",
   "Finn",
   "Nick",
   "Bob",
   "Joe"
  ],
  "girl": [
   "Mia",
   "Lily",
   "Anna",
   "Sue",
   "Emma",
   "Lucy",
   "Amy",
   "Zoe",
   "Ella",
   "Rose",
   "Kate",
   "Jane"
  ],
  "dog": [
   "Rex",
   "Bingo",
   "Rover",
   "Buddy",
   "Patch",
   "Bruno"
  ],
  "cat": [
   "Mimi",
   "Kitty",
   "Luna",
   "Lulu",
   "Coco",
   "Lola"
  ]
 },
 "FAMILY": [
  "Mum",
  "Dad",
  "Grandma",
  "Grandpa"
 ],
 "FRIENDS": [
  "Sara",
  "Nina",
  "Peter",
  "Oscar"
 ],
 "HELPERS": {
  "boy": [
   "Mum",
   "Dad",
   "Grandma",
   "Grandpa",
   "Sara",
   "Nina",
   "Peter",
   "Oscar"
  ],
  "girl": [
   "Mum",
   "Dad",
   "Grandma",
   "Grandpa",
   "Sara",
   "Nina",
   "Peter",
   "Oscar"
  ],
  "dog": [
   "Mimi",
   "Kitty",
   "Luna",
   "Lulu",
   "Coco",
   "Lola"
  ],
  "cat": [
   "Rex",
   "Bingo",
   "Rover",
   "Buddy",
   "Patch",
   "Bruno"
  ]
 },
 "FEMALE": [
  "Amy",
  "Anna",
  "Coco",
  "Ella",
  "Emma",
  "Grandma",
  "Jane",
  "Kate",
  "Kitty",
  "Lily",
  "Lola",
  "Lucy",
  "Lulu",
  "Luna",
  "Mia",
  "Mimi",
  "Mum",
  "Nina",
  "Rose",
  "Sara",
  "Sue",
  "Zoe"
 ],
 "PRONOUNS": {
  "he": [
   "he",
   "she"
  ],
  "his": [
   "his",
   "her"
  ],
  "him": [
   "him",
   "her"
  ],
  "child": [
   "boy",
   "girl"
  ],
  "helper_he": [
   "he",
   "she"
  ],
  "helper_him": [
   "him",
   "her"
  ]
 },
 "ANYWHERE": {
  "trait": [
   "kind",
   "brave",
   "clever",
   "funny",
   "shy",
   "gentle",
   "curious",
   "polite"
  ],
  "hobby": [
   "sing",
   "run",
   "jump",
   "swim",
   "play"
  ],
  "home": [
   "in a small house",
   "in a big house",
   "near the sea",
   "on a farm"
  ],
  "bond": [
   "were best friends",
   "lived in the same house",
   "did everything together",
   "played together every day"
  ],
  "reason": [
   "the sun was out",
   "it was a warm day",
   "it was a lovely day",
   "he had new shoes",
   "he had slept well"
  ],
  "when": [
   "One day",
   "One morning",
   "One afternoon",
   "On Sunday",
   "On Monday",
   "After lunch"
  ],
  "early": [
   "after lunch",
   "in the morning",
   "before lunch",
   "before dinner"
  ],
  "weather": [
   "warm",
   "lovely",
   "good",
   "nice"
  ]
 },
 "ENDINGS": [
  "It was the best day ever.",
  "{name} never forgot that day.",
  "{name} and {helper} gave each other a big hug.",
  "That night, {name} slept very well.",
  "From that day on, {name} always helped others too.",
  "{name} and {helper} played until the sun went down.",
  "Then it was time for dinner, and they ate a lot.",
  "And that was the end of a very good day.",
  "That night, {name} told everyone about the {thing}.",
  "Ever since, {name} has loved the {place}."
 ],
 "OPENINGS": [
  [
   "boy",
   "Once upon a time there was a {trait} {child} named {name}.",
   "{when}, {he} went to the {place}."
  ],
  [
   "girl",
   "Once upon a time there was a {trait} {child} named {name}.",
   "{when}, {he} went to the {place}."
  ],
  [
   "boy",
   "{name} was a {child} who loved to {hobby}.",
   "{He} walked to the {place} {early}."
  ],
  [
   "girl",
   "{name} was a {child} who loved to {hobby}.",
   "{He} walked to the {place} {early}."
  ],
  [
   "boy",
   "There was a {trait} {child} who lived {home}.",
   "{name} was {his} name.",
   "{when}, {he} came to the {place}."
  ],
  [
   "girl",
   "There was a {trait} {child} who lived {home}.",
   "{name} was {his} name.",
   "{when}, {he} came to the {place}."
  ],
  [
   "boy",
   "The boy was very {trait}.",
   "{His} name was {name}.",
   "{when}, {he} ran to the {place}."
  ],
  [
   "boy",
   "The boy was very {trait}.",
   "Everyone called {him} {name}.",
   "{when}, {he} ran to the {place}."
  ],
  [
   "girl",
   "She went to the {place} {early}.",
   "{His} name was {name}, and {he} was very {trait}."
  ],
  [
   "girl",
   "She went to the {place} {early}.",
   "{He} was a {trait} {child}, and {his} name was {name}."
  ],
  [
   "boy",
   "He was happy because {reason}.",
   "{His} name was {name}, and {he} was on {his} way to the {place}."
  ],
  [
   "boy",
   "He was happy because {reason}.",
   "{He} was called {name}, and {he} was going to the {place}."
  ],
  [
   "girl",
   "It was a {weather} day, and {name} was up early.",
   "The {trait} {child} went to the {place}."
  ],
  [
   "girl",
   "It was a {weather} day, and {name} was up early.",
   "{He} put on {his} shoes and went to the {place}."
  ],
  [
   "dog",
   "The dog and the cat {bond}.",
   "The dog was {name}, and the cat was {helper}.",
   "{when}, {name} set off to the {place}."
  ],
  [
   "cat",
   "The dog and the cat {bond}.",
   "The cat was {name}, and the dog was {helper}.",
   "{when}, {name} set off to the {place}."
  ]
 ],
 "PLOTS": {
  "lost": {
   "place": [
    "park",
    "garden",
    "farm",
    "playground",
    "zoo"
   ],
   "thing": [
    "ball",
    "doll",
    "drum",
    "book",
    "boat",
    "bear",
    "car",
    "train"
   ],
   "colour": [
    "red",
    "blue",
    "green",
    "yellow",
    "pink",
    "white"
   ],
   "spot": [
    "under the bench",
    "behind the gate",
    "behind the wall",
    "under the big tree",
    "on the steps",
    "next to the flowers"
   ],
   "trouble": [
    "sad",
    "worried",
    "upset"
   ],
   "glad": [
    "happy",
    "glad",
    "pleased"
   ],
   "story": [
    [
     [
      "{He} had a {colour} {thing} with {him}.",
      "{He} took {his} {colour} {thing} along.",
      "{He} had {his} best toy, a {colour} {thing}."
     ],
     [
      "{He} put it {spot} and went to play.",
      "{He} left it {spot} and ran off to play.",
      "To keep it safe, {he} put it {spot}."
     ]
    ],
    [
     [
      "Later, {he} could not find the {thing}.",
      "After a while, {he} forgot where the {thing} was.",
      "Then {he} wanted the {thing}, but {he} did not see it."
     ],
     [
      "{He} was very {trouble}.",
      "{name} felt {trouble}.",
      "{name} was so {trouble} that {he} began to cry.",
      "It made {him} feel {trouble}.",
      "Poor {name} was {trouble}.",
      "\\"I am so {trouble},\\" said {name}.",
      "Now {he} was {trouble}."
     ],
     [
      "{First} heard {him} and came to the {place}.",
      "Just then, {first} came to the {place}.",
      "{First} ran to the {place} as fast as {helper_he} could.",
      "Soon {first} came to the {place} to look for {him}.",
      "Then {first} came to the {place} to help.",
      "{First} came to the {place} and saw {him}.",
      "{First} was near the {place} and wanted to help."
     ],
     [
      "\\"Where did you put your {thing}?\\" asked {helper}.",
      "\\"Let us look for the {thing} together,\\" said {helper}.",
      "\\"Do not worry, we will find your {thing},\\" said {helper}."
     ]
    ],
    [
     [
      "They looked {spot}, and there was the {colour} {thing}!",
      "{name} and {helper} found the {colour} {thing} {spot}.",
      "The {colour} {thing} was still {spot}!"
     ],
     [
      "\\"Thank you, {helper},\\" said {name}.",
      "\\"You are the best, {helper},\\" said {name}.",
      "\\"I am lucky to have you, {helper},\\" said {name}.",
      "\\"You are so kind, {helper},\\" said {name}.",
      "\\"Thank you for your help,\\" said {name} to {helper}.",
      "\\"I could not do it without you, {helper},\\" said {name}.",
      "\\"What a good idea, {helper},\\" said {name}.",
      "\\"Thank you so much!\\" said {name} to {helper}."
     ],
     [
      "{He} was so {glad}.",
      "Now {he} felt {glad}.",
      "{He} felt {glad} from head to toe.",
      "At last, {he} was {glad}.",
      "It made {him} feel very {glad}.",
      "Everyone could see that {he} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "stuck": {
   "place": [
    "park",
    "garden",
    "playground",
    "farm",
    "market"
   ],
   "thing": [
    "kite",
    "balloon",
    "hat",
    "scarf",
    "flag",
    "ball"
   ],
   "colour": [
    "red",
    "blue",
    "green",
    "yellow",
    "pink",
    "white"
   ],
   "spot": [
    "in the tall tree",
    "on the roof",
    "on the high wall",
    "on the lamp",
    "on the fence"
   ],
   "tool": [
    "ladder",
    "chair",
    "stick",
    "box"
   ],
   "trouble": [
    "sad",
    "cross",
    "upset"
   ],
   "glad": [
    "happy",
    "glad",
    "pleased"
   ],
   "story": [
    [
     [
      "{He} was playing with a {colour} {thing}.",
      "{He} had a new {colour} {thing}.",
      "{He} ran around with a {colour} {thing}."
     ],
     [
      "But the wind took it, and it got stuck {spot}.",
      "Then the wind blew, and it landed {spot}.",
      "It flew up and up, and then it was {spot}."
     ]
    ],
    [
     [
      "{He} jumped and jumped, but the {thing} was too high.",
      "{name} could not reach the {thing} at all.",
      "{He} was too small to get the {thing} back."
     ],
     [
      "{He} was very {trouble}.",
      "{name} felt {trouble}.",
      "{name} was so {trouble} that {he} began to cry.",
      "It made {him} feel {trouble}.",
      "Poor {name} was {trouble}.",
      "\\"I am so {trouble},\\" said {name}.",
      "Now {he} was {trouble}."
     ],
     [
      "{First} heard {him} and came to the {place}.",
      "Just then, {first} came to the {place}.",
      "{First} ran to the {place} as fast as {helper_he} could.",
      "Soon {first} came to the {place} to look for {him}.",
      "Then {first} came to the {place} to help.",
      "{First} came to the {place} and saw {him}.",
      "{First} was near the {place} and wanted to help."
     ],
     [
      "\\"I can get the {thing} down,\\" said {helper}.",
      "\\"Wait here, and I will get your {thing},\\" said {helper}.",
      "\\"I know how to reach that {thing},\\" said {helper}."
     ]
    ],
    [
     [
      "{helper} used a {tool} to get the {colour} {thing} that was {spot}.",
      "The {colour} {thing} was still {spot}, but {helper} got it with a {tool}.",
      "With a {tool}, {helper} could reach the {colour} {thing} {spot}."
     ],
     [
      "\\"Thank you, {helper},\\" said {name}.",
      "\\"You are the best, {helper},\\" said {name}.",
      "\\"I am lucky to have you, {helper},\\" said {name}.",
      "\\"You are so kind, {helper},\\" said {name}.",
      "\\"Thank you for your help,\\" said {name} to {helper}.",
      "\\"I could not do it without you, {helper},\\" said {name}.",
      "\\"What a good idea, {helper},\\" said {name}.",
      "\\"Thank you so much!\\" said {name} to {helper}."
     ],
     [
      "{He} was so {glad}.",
      "Now {he} felt {glad}.",
      "{He} felt {glad} from head to toe.",
      "At last, {he} was {glad}.",
      "It made {him} feel very {glad}.",
      "Everyone could see that {he} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "broken": {
   "place": [
    "kitchen",
    "bedroom",
    "playroom",
    "attic",
    "hall"
   ],
   "thing": [
    "car",
    "boat",
    "train",
    "doll",
    "drum",
    "kite"
   ],
   "colour": [
    "red",
    "blue",
    "green",
    "yellow",
    "pink",
    "white"
   ],
   "spot": [
    "on the shelf",
    "on the table",
    "by the window",
    "in the big box",
    "on the chair"
   ],
   "fix": [
    "glue",
    "tape",
    "string"
   ],
   "trouble": [
    "sad",
    "sorry",
    "upset"
   ],
   "glad": [
    "happy",
    "glad",
    "pleased"
   ],
   "story": [
    [
     [
      "{He} wanted to play with {his} {colour} {thing}.",
      "{His} {colour} {thing} was there.",
      "There {he} found {his} {colour} {thing}."
     ],
     [
      "But {he} let it fall, and it broke in two.",
      "It fell down with a bang and broke.",
      "{He} ran with it, but it hit the wall and broke."
     ]
    ],
    [
     [
      "{He} was very {trouble}.",
      "{name} felt {trouble}.",
      "{name} was so {trouble} that {he} began to cry.",
      "It made {him} feel {trouble}.",
      "Poor {name} was {trouble}.",
      "\\"I am so {trouble},\\" said {name}.",
      "Now {he} was {trouble}."
     ],
     [
      "{First} heard {him} and came to the {place}.",
      "Just then, {first} came to the {place}.",
      "{First} ran to the {place} as fast as {helper_he} could.",
      "Soon {first} came to the {place} to look for {him}.",
      "Then {first} came to the {place} to help.",
      "{First} came to the {place} and saw {him}.",
      "{First} was near the {place} and wanted to help."
     ],
     [
      "\\"We can mend the {thing} with some {fix},\\" said {helper}.",
      "\\"I have some {fix} for your {thing},\\" said {helper}.",
      "\\"Give me the {thing} and some {fix},\\" said {helper}."
     ]
    ],
    [
     [
      "With the {fix}, the {colour} {thing} was as good as new.",
      "They used the {fix}, and the {colour} {thing} was mended.",
      "The {fix} made the {colour} {thing} look like new."
     ],
     [
      "{name} was so {glad}.",
      "Now {name} felt {glad}.",
      "{name} smiled and felt {glad}.",
      "At last, {name} was {glad}.",
      "It made {name} feel very {glad}.",
      "Everyone could see that {name} was {glad}."
     ],
     [
      "{He} put it {spot} to keep it safe.",
      "{He} put it {spot} for the night.",
      "Then {he} put it {spot} to dry."
     ],
     [
      "The next day, it was still {spot}.",
      "When {he} came back, it was still {spot}.",
      "It stayed {spot} until {he} came back to play."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "sharing": {
   "place": [
    "park",
    "beach",
    "garden",
    "lake",
    "hill"
   ],
   "thing": [
    "cake",
    "pie",
    "bun",
    "apple",
    "pear",
    "banana",
    "peach"
   ],
   "colour": [
    "big",
    "fresh",
    "lovely",
    "nice"
   ],
   "spot": [
    "under the big tree",
    "on the grass",
    "in the sun",
    "on the rug",
    "on the bench"
   ],
   "trouble": [
    "sad",
    "hungry",
    "tired"
   ],
   "glad": [
    "happy",
    "glad",
    "pleased"
   ],
   "story": [
    [
     [
      "{He} had a {colour} {thing} in a bag.",
      "{He} took out a {colour} {thing}.",
      "{He} could not wait to eat {his} {colour} {thing}."
     ],
     [
      "So {he} sat down {spot}.",
      "{He} went to eat it {spot}.",
      "It was nice to sit {spot}."
     ]
    ],
    [
     [
      "{First} came to the {place} and looked {trouble}.",
      "{He} saw {first} at the {place}, and {helper_he} was {trouble}.",
      "Then {first} came to the {place} and felt {trouble}."
     ],
     [
      "\\"I have nothing to eat,\\" said {helper}.",
      "\\"My food is at home,\\" said {helper}.",
      "\\"Oh, that {thing} looks so good,\\" said {helper}."
     ],
     [
      "{name} did not want {helper} to be {trouble}.",
      "{name} looked at the {thing} and had an idea.",
      "{name} thought for a while and smiled."
     ],
     [
      "\\"You can have half of my {thing},\\" said {name}.",
      "\\"Come and share my {thing} with me,\\" said {name}.",
      "\\"One {thing} is enough for two,\\" said {name}."
     ]
    ],
    [
     [
      "{He} cut the {colour} {thing} in two.",
      "{name} gave {helper} half of the {colour} {thing}.",
      "They each got half of the {colour} {thing}."
     ],
     [
      "They sat {spot} and ate it all.",
      "They ate it together {spot}.",
      "They stayed {spot} until it was all gone."
     ],
     [
      "{name} was so {glad}.",
      "Now {name} felt {glad}.",
      "{name} smiled and felt {glad}.",
      "At last, {name} was {glad}.",
      "It made {name} feel very {glad}.",
      "Everyone could see that {name} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "scared": {
   "place": [
    "attic",
    "cellar",
    "barn",
    "shed"
   ],
   "thing": [
    "mouse",
    "frog",
    "kitten",
    "puppy",
    "bird",
    "rabbit"
   ],
   "colour": [
    "white",
    "black",
    "brown",
    "grey"
   ],
   "spot": [
    "behind the door",
    "under the steps",
    "in the corner",
    "behind the boxes",
    "under the table"
   ],
   "noise": [
    "loud bang",
    "strange sound",
    "long squeak",
    "big bump"
   ],
   "trouble": [
    "scared",
    "afraid",
    "frightened"
   ],
   "glad": [
    "brave",
    "calm",
    "happy"
   ],
   "story": [
    [
     [
      "It was so dark that {he} saw very little.",
      "It was too dark for {him} to see.",
      "{He} could not see a thing in the dark."
     ],
     [
      "{He} heard a {noise} {spot}.",
      "Then there was a {noise} {spot}.",
      "Something made a {noise} {spot}."
     ]
    ],
    [
     [
      "{He} was very {trouble}.",
      "{name} felt {trouble}.",
      "{name} was so {trouble} that {he} began to cry.",
      "It made {him} feel {trouble}.",
      "Poor {name} was {trouble}.",
      "\\"I am so {trouble},\\" said {name}.",
      "Now {he} was {trouble}."
     ],
     [
      "{First} heard {him} and came to the {place}.",
      "Just then, {first} came to the {place}.",
      "{First} ran to the {place} as fast as {helper_he} could.",
      "Soon {first} came to the {place} to look for {him}.",
      "Then {first} came to the {place} to help.",
      "{First} came to the {place} and saw {him}.",
      "{First} was near the {place} and wanted to help."
     ],
     [
      "\\"I heard a {noise},\\" said {name}.",
      "\\"What made that {noise}?\\" asked {name}.",
      "\\"Did you hear the {noise}?\\" asked {name}."
     ],
     [
      "\\"Stay close to me, and we will look,\\" said {helper}.",
      "\\"It will be all right, I am here with you,\\" said {helper}.",
      "\\"Let us go and see what it is,\\" said {helper}."
     ]
    ],
    [
     [
      "They looked {spot} and saw a {colour} {thing}.",
      "{helper} looked {spot} and found a {colour} {thing}.",
      "A {colour} {thing} was sitting {spot}."
     ],
     [
      "The {thing} just wanted to play.",
      "The little {thing} wanted to say hello.",
      "\\"It is only a {thing},\\" said {helper}."
     ],
     [
      "{name} was so {glad}.",
      "Now {name} felt {glad}.",
      "{name} smiled and felt {glad}.",
      "At last, {name} was {glad}.",
      "It made {name} feel very {glad}.",
      "Everyone could see that {name} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "gift": {
   "place": [
    "shop",
    "market",
    "fair",
    "zoo"
   ],
   "thing": [
    "scarf",
    "hat",
    "cup",
    "ring",
    "bag",
    "lamp",
    "book",
    "doll"
   ],
   "colour": [
    "red",
    "blue",
    "green",
    "yellow",
    "pink",
    "white"
   ],
   "spot": [
    "under the bed",
    "behind the door",
    "in the cupboard",
    "behind the chair",
    "on the shelf",
    "in the big box"
   ],
   "trouble": [
    "sad",
    "lonely",
    "upset"
   ],
   "glad": [
    "happy",
    "proud",
    "pleased"
   ],
   "story": [
    [
     [
      "It was the birthday of {first}.",
      "{He} knew that {first} had a birthday.",
      "{First} had a birthday that day."
     ],
     [
      "{name} found a {colour} {thing} for {helper_him}.",
      "{name} got {helper_him} a {colour} {thing}.",
      "{name} wanted to give {helper_him} a {colour} {thing}."
     ],
     [
      "At home, {he} hid it {spot}.",
      "Back at home, {he} put it {spot}.",
      "{He} took it home and hid it {spot}."
     ]
    ],
    [
     [
      "{helper} thought that nobody knew and felt {trouble}.",
      "{helper} was {trouble} because nobody said a word.",
      "Nobody said a word all day, so {helper} was {trouble}."
     ],
     [
      "\\"Go and look {spot},\\" said {name}.",
      "\\"There is something {spot},\\" said {name}.",
      "\\"Can you see what is {spot}?\\" asked {name}."
     ],
     [
      "{helper} went to look and found the {colour} {thing}.",
      "{helper} looked, and there was the {colour} {thing}!",
      "The {colour} {thing} was still {spot}, and {helper} found it."
     ]
    ],
    [
     [
      "\\"It is from the {place}, and it is for you,\\" said {name}.",
      "\\"I saw it at the {place} and thought of you,\\" said {name}.",
      "\\"I got it for you at the {place},\\" said {name}."
     ],
     [
      "\\"What a lovely {thing}!\\" said {helper}.",
      "\\"I love my new {thing},\\" said {helper}.",
      "\\"I always wanted a {thing} like this,\\" said {helper}."
     ],
     [
      "{name} was so {glad}.",
      "Now {name} felt {glad}.",
      "{name} smiled and felt {glad}.",
      "At last, {name} was {glad}.",
      "It made {name} feel very {glad}.",
      "Everyone could see that {name} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "rain": {
   "place": [
    "beach",
    "park",
    "lake",
    "hill",
    "farm"
   ],
   "thing": [
    "coat",
    "umbrella",
    "blanket",
    "hat",
    "scarf"
   ],
   "colour": [
    "red",
    "blue",
    "green",
    "yellow",
    "pink",
    "white"
   ],
   "spot": [
    "under the big tree",
    "under the bridge",
    "in the little hut",
    "in the old tent",
    "behind the wall"
   ],
   "trouble": [
    "cold",
    "sad",
    "cross"
   ],
   "glad": [
    "warm",
    "happy",
    "glad"
   ],
   "story": [
    [
     [
      "Soon there were dark clouds in the sky.",
      "Then the sky went dark and grey.",
      "All at once, the sun was gone."
     ],
     [
      "It began to rain, so {he} hid {spot}.",
      "The rain came down, and {he} had to wait {spot}.",
      "{He} got wet in the rain and ran to sit {spot}."
     ]
    ],
    [
     [
      "{He} was very {trouble}.",
      "{name} felt {trouble}.",
      "{name} was so {trouble} that {he} began to cry.",
      "It made {him} feel {trouble}.",
      "Poor {name} was {trouble}.",
      "\\"I am so {trouble},\\" said {name}.",
      "Now {he} was {trouble}."
     ],
     [
      "{First} came to the {place} with a {colour} {thing}.",
      "Then {first} ran to the {place} with a {colour} {thing}.",
      "{First} brought a {colour} {thing} to the {place}."
     ],
     [
      "\\"This {thing} will help you, {name},\\" said {helper}.",
      "\\"Here is my {thing} for you, {name},\\" said {helper}.",
      "\\"Take this {thing}, {name},\\" said {helper}."
     ]
    ],
    [
     [
      "They sat {spot} and told stories.",
      "They stayed {spot} and sang a song.",
      "They waited {spot} and had a good time."
     ],
     [
      "Then the rain stopped, and the sun came out.",
      "Soon the rain was over, and the sky was blue.",
      "After the rain, they saw a rainbow."
     ],
     [
      "\\"Thank you, {helper},\\" said {name}.",
      "\\"You are the best, {helper},\\" said {name}.",
      "\\"I am lucky to have you, {helper},\\" said {name}.",
      "\\"You are so kind, {helper},\\" said {name}.",
      "\\"Thank you for your help,\\" said {name} to {helper}.",
      "\\"I could not do it without you, {helper},\\" said {name}.",
      "\\"What a good idea, {helper},\\" said {name}.",
      "\\"Thank you so much!\\" said {name} to {helper}."
     ],
     [
      "{He} was so {glad}.",
      "Now {he} felt {glad}.",
      "{He} felt {glad} from head to toe.",
      "At last, {he} was {glad}.",
      "It made {him} feel very {glad}.",
      "Everyone could see that {he} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  },
  "jump": {
   "place": [
    "park",
    "field",
    "farm",
    "lake",
    "beach"
   ],
   "thing": [
    "log",
    "bench",
    "stream",
    "puddle",
    "wall",
    "fence"
   ],
   "colour": [
    "big",
    "wide",
    "muddy"
   ],
   "spot": [
    "in the mud",
    "on the grass",
    "in the sand",
    "in the leaves"
   ],
   "trouble": [
    "sad",
    "cross",
    "upset"
   ],
   "glad": [
    "proud",
    "strong",
    "brave"
   ],
   "story": [
    [
     [
      "{He} wanted to jump over a {colour} {thing}.",
      "There {he} saw a {colour} {thing} to jump over.",
      "{He} tried to jump over a {colour} {thing}."
     ],
     [
      "{He} ran and jumped, but {he} fell {spot}.",
      "But each time, {he} landed {spot}.",
      "But {he} was too slow and fell {spot}."
     ]
    ],
    [
     [
      "{He} was very {trouble}.",
      "{name} felt {trouble}.",
      "{name} was so {trouble} that {he} began to cry.",
      "It made {him} feel {trouble}.",
      "Poor {name} was {trouble}.",
      "\\"I am so {trouble},\\" said {name}.",
      "Now {he} was {trouble}."
     ],
     [
      "{First} heard {him} and came to the {place}.",
      "Just then, {first} came to the {place}.",
      "{First} ran to the {place} as fast as {helper_he} could.",
      "Soon {first} came to the {place} to look for {him}.",
      "Then {first} came to the {place} to help.",
      "{First} came to the {place} and saw {him}.",
      "{First} was near the {place} and wanted to help."
     ],
     [
      "\\"Run fast and jump high, {name},\\" said {helper}.",
      "\\"Try again, {name}, you can do it,\\" said {helper}.",
      "\\"I will run with you, {name},\\" said {helper}."
     ],
     [
      "{name} ran as fast as {he} could.",
      "{He} got up and ran to the {thing}.",
      "So {name} tried one more time."
     ]
    ],
    [
     [
      "This time, {he} got over the {colour} {thing}!",
      "{He} jumped over the {thing} and did not fall {spot}!",
      "{He} flew over the {colour} {thing} like a bird!"
     ],
     [
      "\\"Thank you, {helper},\\" said {name}.",
      "\\"You are the best, {helper},\\" said {name}.",
      "\\"I am lucky to have you, {helper},\\" said {name}.",
      "\\"You are so kind, {helper},\\" said {name}.",
      "\\"Thank you for your help,\\" said {name} to {helper}.",
      "\\"I could not do it without you, {helper},\\" said {name}.",
      "\\"What a good idea, {helper},\\" said {name}.",
      "\\"Thank you so much!\\" said {name} to {helper}."
     ],
     [
      "{He} was so {glad}.",
      "Now {he} felt {glad}.",
      "{He} felt {glad} from head to toe.",
      "At last, {he} was {glad}.",
      "It made {him} feel very {glad}.",
      "Everyone could see that {he} was {glad}."
     ],
     [
      "It was the best day ever.",
      "{name} never forgot that day.",
      "{name} and {helper} gave each other a big hug.",
      "That night, {name} slept very well.",
      "From that day on, {name} always helped others too.",
      "{name} and {helper} played until the sun went down.",
      "Then it was time for dinner, and they ate a lot.",
      "And that was the end of a very good day.",
      "That night, {name} told everyone about the {thing}.",
      "Ever since, {name} has loved the {place}."
     ]
    ]
   ]
  }
 }
}`);
